"""The rota and absences."""
