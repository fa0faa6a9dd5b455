"""The append-only record of what happened to every account."""
