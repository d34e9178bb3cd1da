"""Who may: roles built from the grants, the acting person, row scopes, the audit trail."""
