"""Around every request and page: the shell, errors, headers, health, timing."""
