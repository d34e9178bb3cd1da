"""Pages about the register of patients."""
