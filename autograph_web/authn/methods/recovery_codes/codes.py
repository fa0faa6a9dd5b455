"""Recovery codes: 80 bits each, in an alphabet without easily confused characters."""

from hashlib import sha256
from uuid import UUID

from autograph_web.authn.typed_codes import spellings
from autograph_web.infra.randomness import Randomness

RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32 leaves out look-alike characters
_LOOKALIKES = str.maketrans("oil", "011")
_LENGTH, _GROUP = 16, 4  # 16 characters of 5 bits each: 80 bits per code


def read(typed: str) -> str | None:
    """Return the input as a recovery code in canonical form, or None if it is not one."""
    for text in map(_canonical, spellings(typed)):
        if len(text) == _LENGTH and all(letter in _ALPHABET for letter in text):
            return text
    return None


def new_recovery_code(randomness: Randomness) -> str:
    """Return a new 80-bit recovery code, in groups of four characters."""
    number = int.from_bytes(randomness.bytes(10))
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def recovery_hash(user_id: UUID, code: str) -> str:
    """Return the stored form of a recovery code: its hash, bound to its account."""
    return sha256(f"recovery\n{user_id.hex}\n{_canonical(code)}".encode()).hexdigest()


def _canonical(code: str) -> str:
    return code.replace("-", "").lower().translate(_LOOKALIKES)
