"""The overview of the server: usage, alerts and statistics."""
