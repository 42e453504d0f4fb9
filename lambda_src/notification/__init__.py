"""What happens to an order is told to the topic."""
