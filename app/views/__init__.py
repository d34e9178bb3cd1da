"""What people see: the generator for grids and APIs, then the hand-written few."""
