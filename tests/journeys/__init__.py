"""Journeys through the whole product: a real browser and the server as an operator starts it."""
