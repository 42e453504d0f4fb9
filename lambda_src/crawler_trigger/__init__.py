"""New raw objects: the crawler of their prefix is started."""
