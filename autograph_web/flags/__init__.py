"""Feature flags: what an operator can change while the server runs."""
