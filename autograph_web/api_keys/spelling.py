"""The format of API keys: `agk_<id>_<secret><checksum>`, in base62 so that a double click selects all of it.

The id (64 bits) identifies the key and is not secret; the secret has 256 bits. The checksum is the CRC-32 of
everything before it: a secret scanner can tell a key from similar text without asking the server, and a
mistyped key is rejected before any lookup. It is no security feature; the secret is.
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
    """A new key in the form that is shown once, and its id."""

    id: str
    text: str


def new_key(randomness: Randomness) -> NewKey:
    """Return a new random key."""
    key_id = _base62(randomness.bytes(_ID_BYTES), _ID_LENGTH)
    spelled = f"{shown(key_id)}_{_base62(randomness.bytes(_SECRET_BYTES), _SECRET_LENGTH)}"
    return NewKey(key_id, spelled + _check(spelled))


def looks_like_key(token: str) -> bool:
    """Return True if a token has the prefix of API keys, unlike an access token; `id_of` checks the rest."""
    return token.startswith(MARK)


def id_of(text: str) -> str | None:
    """Return the id in a key, or None if it does not have the format of a key."""
    found = _KEY.fullmatch(text)
    if found is None or _check(text[:-_CHECK_LENGTH]) != text[-_CHECK_LENGTH:]:
        return None
    return found[1]


def is_id(text: str) -> bool:
    """Return True if `text` has the format of a key's id."""
    return _ID.fullmatch(text) is not None


def shown(key_id: str) -> str:
    """Return the non-secret part of a key, by which its owner recognizes it."""
    return MARK + key_id


def _check(spelled: str) -> str:
    return _base62(crc32(spelled.encode("ascii")).to_bytes(4, "big"), _CHECK_LENGTH)


def _base62(raw: bytes, length: int) -> str:
    number, letters = int.from_bytes(raw, "big"), [""] * length
    for place in reversed(range(length)):
        number, letter = divmod(number, len(_ALPHABET))
        letters[place] = _ALPHABET[letter]
    return "".join(letters)
