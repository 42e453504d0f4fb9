"""What the shop adds to the framework and the database that it is built on."""
