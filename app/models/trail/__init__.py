"""The audit trail: its events, their seals, and the proof that none is missing."""
