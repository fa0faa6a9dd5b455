"""API keys: created by a user for programs that act for the user within limited scopes."""
