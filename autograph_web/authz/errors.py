"""Authorization errors."""

from autograph_web.infra.errors import DomainError


class SessionRequired(DomainError):
    """An operation that requires a user session was requested with an API key."""

    code, status = "session_required", 403
    sentence = "API keys can't do this. Use an access token from a sign-in."


class ScopeMissing(DomainError):
    """The API key is valid, but lacks the scope for this call (RFC 6750 section 3.1)."""

    code, status = "insufficient_scope", 403
    sentence = "This API key doesn't have the required scope."
