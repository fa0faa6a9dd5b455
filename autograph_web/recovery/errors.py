"""Refusals of account recovery."""

from autograph_web.infra.errors import Unavailable


class PasswordIsSet(Unavailable):
    """The new password is in force; only what Redis still says of older sign-ins is not certain."""

    code = "password_is_set"
    sentence = (
        "Your new password is set. We can't yet be sure that every older sign-in has ended everywhere: "
        "that takes five minutes at most."
    )
