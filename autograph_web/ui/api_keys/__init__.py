"""The page of API keys: list, create, revoke."""
