"""Attacks from one anonymous address on a running server, and their effect on all other users: `make lab`."""
