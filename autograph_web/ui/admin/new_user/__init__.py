"""A new account, made by an administrator."""
