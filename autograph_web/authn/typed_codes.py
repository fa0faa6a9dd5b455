"""Parses codes as users type them: in any script, in groups, or pasted from a numbered list."""

import re
from collections.abc import Iterator
from unicodedata import decimal, normalize

_LONGEST = 256  # of the input as typed or pasted, including any surrounding text (characters)
# The number that precedes each code of a list, as in the downloadable file of recovery codes.
_NUMBER = re.compile(r"\s*\d{1,2}[.):\]]\s*(?=\S)")


def spellings(typed: str) -> Iterator[str]:
    """Yield the letters and digits of the input, then the same without a leading list number.

    Digits of any script are accepted; nothing is yielded for input far too long to be a code.
    """
    if len(typed) <= _LONGEST:
        yield _kept(typed)
        yield _kept(_NUMBER.sub("", typed, count=1))


def _kept(typed: str) -> str:
    """Return the letters and digits of `typed`, converted to ASCII where possible."""
    plain = (str(decimal(letter, letter)) for letter in normalize("NFKC", typed))
    return "".join(letter for letter in plain if letter.isalnum())
