"""Creating an account."""
