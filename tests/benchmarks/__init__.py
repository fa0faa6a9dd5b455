"""Measures the server relative to the machine's own limits: `python -m tests.benchmarks`."""
