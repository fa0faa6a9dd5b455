"""Passwords: their policy, their hashes, and checking them."""
