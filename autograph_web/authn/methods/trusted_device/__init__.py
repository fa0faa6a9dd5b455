"""Trusted devices: browsers that need not show the second factor for thirty days."""
