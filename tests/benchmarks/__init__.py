"""Measures the server against the machine's own limits: `python -m tests.benchmarks`."""
