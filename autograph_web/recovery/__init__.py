"""Account recovery."""
