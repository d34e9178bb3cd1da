"""Signing in, second factors, sessions, and one's own account."""
