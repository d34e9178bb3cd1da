"""What every table and rule stands on: declarations, grants, time, errors, sealed columns."""
