"""What a person may type as second factor, told apart by its form alone."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from autograph_web.core.entropy import Entropy
from autograph_web.core.errors import CodeMalformed

RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: nothing that looks like something else
_LOOKALIKES = str.maketrans("oil", "011")
_LENGTH, _GROUP = 16, 4  # 16 times 5 bits: 80 bits a code
_LONGEST = 64


class Method(StrEnum):
    """A kind of second factor, by the name it has in REST and in the audit log."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code that has the form of one, in canonical spelling."""

    method: Method
    text: str


def read_code(typed: str) -> TypedCode:
    """Return what was typed: six ASCII digits, or a recovery code, whose dashes do not matter.

    Raises:
        CodeMalformed: It is neither; no try is spent on it.
    """
    if len(typed) > _LONGEST:
        raise CodeMalformed
    text = "".join(typed.split())
    if len(text) == 6 and text.isascii() and text.isdigit():
        return TypedCode(Method.TOTP, text)
    text = _canonical(text)
    if len(text) == _LENGTH and all(letter in _ALPHABET for letter in text):
        return TypedCode(Method.RECOVERY_CODE, text)
    raise CodeMalformed


def new_recovery_code(entropy: Entropy) -> str:
    """Return a fresh recovery code of 80 bits, in groups of four."""
    number = int.from_bytes(entropy.bytes(10))
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def recovery_hash(user_id: UUID, code: str) -> str:
    """Return what is stored of a recovery code: its hash, bound to its owner."""
    return sha256(f"recovery\n{user_id.hex}\n{_canonical(code)}".encode()).hexdigest()


def _canonical(code: str) -> str:
    return code.replace("-", "").lower().translate(_LOOKALIKES)
