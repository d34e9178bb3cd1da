"""`/`: the start of one's day, by role."""
