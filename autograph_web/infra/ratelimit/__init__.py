"""Rate limits: over minutes in Redis, within seconds in each process, and the bounds of one client."""
