"""Feature flags: what an operator can switch while the server runs."""
