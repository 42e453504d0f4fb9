"""OrderPlaced and OrderShipped: the customer is told."""
