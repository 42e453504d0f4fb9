"""The daily job: what events must be, what tables they become, how a run becomes visible whole or not at all."""
