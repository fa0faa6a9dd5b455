"""The page on which an administrator creates an account."""
