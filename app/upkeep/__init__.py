"""Whether the clinic is well, and copies of it that come back."""
