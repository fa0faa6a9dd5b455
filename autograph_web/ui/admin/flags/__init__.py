"""Feature flags, seen and switched."""
