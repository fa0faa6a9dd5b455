"""Tests of what needs nothing beside it."""
