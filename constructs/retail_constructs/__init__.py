"""The platform's own constructs: each hides one decision that must be the same everywhere."""
