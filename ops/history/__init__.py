"""A history the shop could have had: seeded, as many events as wanted, in the raw zone's layout."""
