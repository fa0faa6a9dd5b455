"""The page for unknown paths."""
