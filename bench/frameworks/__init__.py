"""The same two endpoints in each framework that was considered for the storefront."""
