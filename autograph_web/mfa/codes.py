"""What a person may type as second factor, told apart by its form alone."""

import re
from dataclasses import dataclass
from hashlib import sha256
from unicodedata import decimal, normalize
from uuid import UUID

from autograph_web.infra.randomness import Randomness
from autograph_web.mfa.errors import CodeMalformed
from autograph_web.sessions.assurance import AuthMethod

RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: nothing that looks like something else
_LOOKALIKES = str.maketrans("oil", "011")
_LENGTH, _GROUP = 16, 4  # 16 times 5 bits: 80 bits a code
_LONGEST = 256  # as it was typed or pasted, with what stands around a code (characters)
_DIGITS = 6
# What stands before each code of a list, as in our own file of them.
_NUMBER = re.compile(r"\s*\d{1,2}[.):\]]\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code that has the form of one, in canonical spelling."""

    method: AuthMethod
    text: str


def read_code(typed: str) -> TypedCode:
    """Return what was typed: six digits, or a recovery code; only letters and digits of either count.

    Digits may be those of any script, and a code may be pasted as it stands in a list, with its number.

    Raises:
        CodeMalformed: It is neither; no try is spent on it.
    """
    if len(typed) > _LONGEST:
        raise CodeMalformed
    for text in (typed, _NUMBER.sub("", typed, count=1)):
        kept = _kept(text)
        if is_app_code(text):
            return TypedCode(AuthMethod.TOTP, kept)
        kept = _canonical(kept)
        if len(kept) == _LENGTH and all(letter in _ALPHABET for letter in kept):
            return TypedCode(AuthMethod.RECOVERY_CODE, kept)
    raise CodeMalformed


def is_app_code(typed: str) -> bool:
    """Return True if `typed` has the form of an authenticator's code."""
    kept = _kept(typed[:_LONGEST])
    return len(kept) == _DIGITS and kept.isascii() and kept.isdigit()


def new_recovery_code(randomness: Randomness) -> str:
    """Return a fresh recovery code of 80 bits, in groups of four."""
    number = int.from_bytes(randomness.bytes(10))
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def recovery_hash(user_id: UUID, code: str) -> str:
    """Return what is stored of a recovery code: its hash, bound to its owner."""
    return sha256(f"recovery\n{user_id.hex}\n{_canonical(code)}".encode()).hexdigest()


def _kept(typed: str) -> str:
    """Return the letters and digits of `typed`, in ASCII where they have a form there."""
    plain = (str(decimal(letter, letter)) for letter in normalize("NFKC", typed))
    return "".join(letter for letter in plain if letter.isalnum())


def _canonical(code: str) -> str:
    return code.replace("-", "").lower().translate(_LOOKALIKES)
