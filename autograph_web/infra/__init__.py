"""What every other package builds on: clock, errors, database, Redis, rate limits, keys, telemetry."""
