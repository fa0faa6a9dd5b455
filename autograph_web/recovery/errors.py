"""Errors of account recovery."""

from autograph_web.infra.errors import Unavailable


class PasswordIsSet(Unavailable):
    """The new password is in force, but older sessions may still be accepted from copies in Redis."""

    code = "password_is_set"
    sentence = "Your new password is set. It may take up to five minutes to sign you out on other devices."
