"""OrderPlaced and PaymentProcessed: archived, charged, processed."""
