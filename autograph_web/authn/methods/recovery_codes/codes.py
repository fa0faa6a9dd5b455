"""Recovery codes: 80 bits each, in an alphabet that is hard to misread."""

from hashlib import sha256
from uuid import UUID

from autograph_web.authn.typed_codes import spellings
from autograph_web.infra.randomness import Randomness

RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: nothing that looks like something else
_LOOKALIKES = str.maketrans("oil", "011")
_LENGTH, _GROUP = 16, 4  # 16 times 5 bits: 80 bits a code


def read(typed: str) -> str | None:
    """Return the recovery code that was typed in canonical spelling, or None if it is anything else."""
    for text in map(_canonical, spellings(typed)):
        if len(text) == _LENGTH and all(letter in _ALPHABET for letter in text):
            return text
    return None


def new_recovery_code(randomness: Randomness) -> str:
    """Return a fresh recovery code of 80 bits, in groups of four."""
    number = int.from_bytes(randomness.bytes(10))
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def recovery_hash(user_id: UUID, code: str) -> str:
    """Return what is stored of a recovery code: its hash, bound to its owner."""
    return sha256(f"recovery\n{user_id.hex}\n{_canonical(code)}".encode()).hexdigest()


def _canonical(code: str) -> str:
    return code.replace("-", "").lower().translate(_LOOKALIKES)
