"""Errors of the sign-in flow."""

from autograph_web.infra.errors import DomainError


class InvalidCredentials(DomainError):
    """Wrong password, unknown email or locked account; the response never reveals which (ASVS 5.0 V6.3)."""

    code, status = "invalid_credentials", 401
    sentence = "Wrong email or password."


class EmailNotVerified(DomainError):
    """The password was right, but this server requires a verified email address for sign-in."""

    code, status = "email_not_verified", 403
    sentence = "Verify your email before you sign in. Open the link we emailed you, or request a new one."


class ChallengeExpired(DomainError):
    """No successful first factor of the last five minutes belongs to the code."""

    code, status = "challenge_expired", 401
    sentence = "That took too long. Sign in again."
