"""The medical record: notes, problems, allergies, vital signs, prescriptions and their checks."""
