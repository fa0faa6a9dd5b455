"""Signing in: from an email and a password to the proof that opens a session."""
