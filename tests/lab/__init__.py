"""Attacks of one anonymous address on a running server, and what becomes of everybody else: `make lab`."""
