"""What patients may do by themselves, and who may act for them."""
