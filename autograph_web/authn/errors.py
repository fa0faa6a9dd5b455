"""Errors that several authentication methods share."""

from autograph_web.infra.errors import DomainError


class CodeMalformed(DomainError):
    """Neither six digits nor a recovery code; it does not count as an attempt."""

    code, status, default_field = "code_malformed", 422, "code"
    sentence = "Enter the 6-digit code from your authenticator app, or a recovery code."


class InvalidCode(DomainError):
    """A code that is wrong, expired or already used (RFC 6238 section 5.2)."""

    code, status, default_field = "invalid_code", 401, "code"
    sentence = "That code didn't work. Codes change every 30 seconds, so enter the latest one."


class MfaNotEnabled(DomainError):
    """Two-step verification is off, so it cannot be changed."""

    code, status = "mfa_not_enabled", 400
    sentence = "Two-step verification is off."
