"""What a crash left in the outbox is published, and what is old is cleared away."""
