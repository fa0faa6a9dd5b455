"""Trusted devices: browsers exempt from the second factor for thirty days."""
