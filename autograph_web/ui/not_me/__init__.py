"""The page that reports an unrecognized sign-in."""
