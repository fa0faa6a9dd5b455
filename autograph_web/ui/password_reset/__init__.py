"""The pages of a password reset."""
