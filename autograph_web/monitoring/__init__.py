"""Interfaces for monitoring: health checks and metrics."""
