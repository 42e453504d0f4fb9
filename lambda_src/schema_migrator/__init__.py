"""Custom resource: the database has the schema of this deployment."""
