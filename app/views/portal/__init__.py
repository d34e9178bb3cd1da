"""The patients' portal, and the desk's side of it."""
