"""The page of feature flags."""
