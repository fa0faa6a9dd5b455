"""Errors of the audit log."""

from autograph_web.infra.errors import DomainError


class InvalidCursor(DomainError):
    """A cursor that was not issued by this server."""

    code, status, default_field = "invalid_cursor", 400, "cursor"
    sentence = "Invalid cursor. Start again without one."
