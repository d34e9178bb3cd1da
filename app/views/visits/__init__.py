"""Calendar, board, booking, series, waitlist, and the links of messages."""
