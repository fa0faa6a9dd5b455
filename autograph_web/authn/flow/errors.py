"""Refusals of signing in."""

from autograph_web.infra.errors import DomainError


class InvalidCredentials(DomainError):
    """Wrong password, unknown email or locked account: never said which (ASVS 5.0 V6.3)."""

    code, status = "invalid_credentials", 401
    sentence = "That email and password don't match. Check both and try again."


class EmailNotVerified(DomainError):
    """The password was right, but this server lets nobody in whose address is not verified."""

    code, status = "email_not_verified", 403
    sentence = "Confirm your email first: open the link in the letter we sent you, or ask for a new one."


class ChallengeExpired(DomainError):
    """No password step of the last five minutes stands behind the code."""

    code, status = "challenge_expired", 401
    sentence = "That took too long. Sign in once more."
