"""Custom resource: the site's bucket holds the static files and pictures of this deployment."""
