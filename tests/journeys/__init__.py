"""Journeys through the whole product: a real browser against the server as a user starts it."""
