"""What each role starts its day with: plain SELECT functions, each one statement."""
