"""Rotation: the database's owner gets a new password every month."""
