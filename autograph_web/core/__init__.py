"""What every other package stands on: clock, entropy, errors, database, Redis, limits, keys and mail."""
