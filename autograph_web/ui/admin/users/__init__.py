"""Everybody with an account, for administrators to look through."""
