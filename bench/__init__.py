"""How fast things are, measured, with the results kept in `bench/results/`."""
