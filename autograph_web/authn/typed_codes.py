"""Codes as people type them: in any script, in groups, pasted from a list with their number."""

import re
from collections.abc import Iterator
from unicodedata import decimal, normalize

_LONGEST = 256  # as it was typed or pasted, with what stands around a code (characters)
# What stands before each code of a list, as in our own file of them.
_NUMBER = re.compile(r"\s*\d{1,2}[.):\]]\s*(?=\S)")


def spellings(typed: str) -> Iterator[str]:
    """Yield the letters and digits of what was typed, then those without the number of a line in a list.

    Digits may be those of any script; nothing is yielded of what is far too long to be a code.
    """
    if len(typed) <= _LONGEST:
        yield _kept(typed)
        yield _kept(_NUMBER.sub("", typed, count=1))


def _kept(typed: str) -> str:
    """Return the letters and digits of `typed`, in ASCII where they have a form there."""
    plain = (str(decimal(letter, letter)) for letter in normalize("NFKC", typed))
    return "".join(letter for letter in plain if letter.isalnum())
