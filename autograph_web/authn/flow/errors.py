"""Errors of the sign-in flow."""

from autograph_web.infra.errors import DomainError


class InvalidCredentials(DomainError):
    """Wrong password, unknown email or locked account; the response never reveals which (ASVS 5.0 V6.3)."""

    code, status = "invalid_credentials", 401
    sentence = "That email and password don't match. Check both and try again."


class EmailNotVerified(DomainError):
    """The password was right, but this server requires a verified email address for sign-in."""

    code, status = "email_not_verified", 403
    sentence = "Confirm your email first: open the link in the letter we sent you, or ask for a new one."


class ChallengeExpired(DomainError):
    """No successful first factor of the last five minutes belongs to the code."""

    code, status = "challenge_expired", 401
    sentence = "That took too long. Sign in once more."
