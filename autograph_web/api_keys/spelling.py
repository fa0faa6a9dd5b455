"""How an API key is spelled: `agk_<id>_<secret><checksum>`, in base62 so that a double click takes all of it.

The id (64 bits) finds the key and may be shown; the secret has 256 bits. The checksum is the CRC-32 of all
that stands before it: a scanner of source code can tell a key from what only looks like one without asking
us, and what was mistyped is refused before anybody looks it up. It keeps nobody out, the secret does.
"""

import re
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from zlib import crc32

from autograph_web.infra.randomness import Randomness

MARK = "agk_"
_ALPHABET = digits + ascii_uppercase + ascii_lowercase
_ID_BYTES, _ID_LENGTH = 8, 11
_SECRET_BYTES, _SECRET_LENGTH = 32, 43
_CHECK_LENGTH = 6
_ID = re.compile(rf"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_KEY = re.compile(rf"{MARK}({_ID.pattern})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECK_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once, and the id in it."""

    id: str
    text: str


def new_key(randomness: Randomness) -> NewKey:
    """Return a key that nobody had before."""
    key_id = _base62(randomness.bytes(_ID_BYTES), _ID_LENGTH)
    spelled = f"{shown(key_id)}_{_base62(randomness.bytes(_SECRET_BYTES), _SECRET_LENGTH)}"
    return NewKey(key_id, spelled + _check(spelled))


def looks_like_key(token: str) -> bool:
    """Tell an API key from an access token by its first letters; whether it is one is for `id_of` to say."""
    return token.startswith(MARK)


def id_of(text: str) -> str | None:
    """Return the id in a key, or None when it is not spelled as a key is."""
    found = _KEY.fullmatch(text)
    if found is None or _check(text[:-_CHECK_LENGTH]) != text[-_CHECK_LENGTH:]:
        return None
    return found[1]


def is_id(text: str) -> bool:
    """Return True if `text` is spelled as the id of a key."""
    return _ID.fullmatch(text) is not None


def shown(key_id: str) -> str:
    """Return what may be shown of a key: enough to recognise it by."""
    return MARK + key_id


def _check(spelled: str) -> str:
    return _base62(crc32(spelled.encode("ascii")).to_bytes(4, "big"), _CHECK_LENGTH)


def _base62(raw: bytes, length: int) -> str:
    number, letters = int.from_bytes(raw, "big"), [""] * length
    for place in reversed(range(length)):
        number, letter = divmod(number, len(_ALPHABET))
        letters[place] = _ALPHABET[letter]
    return "".join(letters)
