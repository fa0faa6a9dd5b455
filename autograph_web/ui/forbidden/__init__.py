"""The page that replaces an administration page for other users."""
