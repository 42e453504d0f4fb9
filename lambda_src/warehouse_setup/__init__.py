"""Custom resource: the warehouse sees the lake, and cannot cost more than it was given."""
