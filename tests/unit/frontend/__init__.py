"""Unit tests, which need no other service."""
