"""From a declaration to its grid, forms, API and export."""
