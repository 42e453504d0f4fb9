"""InventoryReserved: reserved pieces leave the stock."""
