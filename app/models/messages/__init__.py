"""What people are told: rules, words, the outbox, and when a message may leave."""
