"""Logs, metrics and traces, and the redaction of secrets."""
