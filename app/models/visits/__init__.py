"""Appointments: free time, booking, series, holds, the waitlist, and what a day looks like."""
