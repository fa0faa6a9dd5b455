"""Refusals of the audit log."""

from autograph_web.infra.errors import DomainError


class InvalidCursor(DomainError):
    """A place in a list that no answer of ours has named."""

    code, status, default_field = "invalid_cursor", 400, "cursor"
    sentence = "That isn't a place in this list. Begin again without a cursor."
