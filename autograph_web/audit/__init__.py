"""The append-only log of security events of every account."""
