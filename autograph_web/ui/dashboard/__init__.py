"""The overview a person sees after signing in."""
