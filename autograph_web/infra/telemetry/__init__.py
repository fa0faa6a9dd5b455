"""Logs, metrics and traces, and what keeps secrets out of them."""
