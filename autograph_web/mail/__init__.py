"""Transactional email: message content, the transactional outbox, rendering and delivery."""
