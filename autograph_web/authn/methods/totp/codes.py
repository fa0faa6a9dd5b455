"""Parses authenticator codes as users type them."""

from autograph_web.authn.methods.totp.algorithm import DIGITS
from autograph_web.authn.typed_codes import spellings


def read(typed: str) -> str | None:
    """Return the six digits of the input, or None if it is anything else."""
    found = (text for text in spellings(typed) if len(text) == DIGITS and text.isascii() and text.isdigit())
    return next(found, None)
