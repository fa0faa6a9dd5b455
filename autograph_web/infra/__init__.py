"""Shared infrastructure: clock, errors, database, Redis, rate limits, keys, telemetry."""
