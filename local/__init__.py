"""The embedded platform: the templates that go to AWS, deployed unmodified and run on one machine."""
