"""Errors about sessions and tokens."""

from autograph_web.infra.errors import DomainError, Unavailable


class Unfinished(Unavailable):
    """The change is committed, but Redis could not be updated, so it may not be in force everywhere yet."""

    code = "unfinished"
    sentence = "Your change was saved but may take a moment to apply everywhere. If in doubt, try again."


class NotAuthenticated(DomainError):
    """The request carried no usable credential (RFC 6750 section 3)."""

    code, status = "not_authenticated", 401
    sentence = "Sign in to continue."


class InvalidToken(DomainError):
    """A token that is malformed, expired, forged or issued for another purpose (RFC 6750, 9068)."""

    code, status = "invalid_token", 401
    sentence = "That token isn't valid. Sign in again to get a new one."


class TokenReused(DomainError):
    """A refresh token was used a second time; its whole family is revoked (RFC 9700 section 4.14.2)."""

    code, status = "token_reused", 401
    sentence = "That refresh token was already used, so we ended the session. Sign in again."


class ReauthenticationRequired(DomainError):
    """The authentication is too old or too weak for a change of authenticators (ASVS 5.0 V7.5)."""

    code, status = "reauthentication_required", 403
    sentence = "It's been a while since you signed in. Confirm it's you to continue."
