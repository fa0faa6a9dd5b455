"""Deployment: configuration templates, and a complete setup on one machine."""
