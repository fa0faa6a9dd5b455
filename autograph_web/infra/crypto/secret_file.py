"""The master secrets from which all keys are derived: validation, and creation on first start."""

import os
from base64 import b64encode
from pathlib import Path

from autograph_web.infra.file_lock import file_lock
from autograph_web.infra.randomness import Randomness, SystemRandomness

_PLACEHOLDERS = ("change", "secret", "password", "example", "placeholder", "insecure", "default", "your-")
_MIN_LENGTH = 43  # 32 bytes in unpadded base64: 256 bits (RFC 7518 section 3.2)
_MIN_DISTINCT = 12


class SecretError(ValueError):
    """A secret is missing or too weak; the message is one line."""


def check_secret(secret: str) -> None:
    """Reject a secret that is short, a placeholder or repetitive.

    Raises:
        SecretError: The secret is too weak; the message states the remedy.
    """
    lowered = secret.lower()
    weak = len(secret) < _MIN_LENGTH or len(set(secret)) < _MIN_DISTINCT
    if weak or any(word in lowered for word in _PLACEHOLDERS):
        raise SecretError(
            "contains a placeholder or a secret under 256 bits; generate one with: openssl rand -base64 32"
        )


def secrets_of_data_dir(data_dir: Path) -> tuple[str, ...]:
    """Return the secrets in the data folder, newest first; create the first one if there is none.

    Raises:
        SecretError: The file is unreadable, empty or damaged.
    """
    path = data_dir / "secret_keys"
    if not path.exists():
        _create(path)
    secrets = tuple(line.strip() for line in _read(path).splitlines() if line.strip())
    if not secrets or any(len(secret) < _MIN_LENGTH for secret in secrets):
        raise SecretError(f"{path} is damaged: restore it from a backup, or remove it to sign everyone out")
    return secrets


def add_secret(data_dir: Path, randomness: Randomness) -> int:
    """Add a new first secret to those in the data folder; return their number.

    Raises:
        SecretError: The file is damaged, or cannot be read or written; it is unchanged.
    """
    path = data_dir / "secret_keys"
    try:
        with file_lock(data_dir / "secret_keys.lock"):  # so that of two concurrent additions neither is lost
            secrets = (_new_secret(randomness), *secrets_of_data_dir(data_dir))
            _draft(path, secrets).replace(path)
    except OSError as error:
        raise SecretError(f"{path} is not writable: {error.strerror}") from None
    return len(secrets)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path} is not readable: {error.__class__.__name__}") from None


def _create(path: Path) -> None:
    # Written to a draft and linked into place, so that of two processes starting at once exactly one wins and
    # neither ever reads an incomplete file.
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = _draft(path, (_new_secret(SystemRandomness()),))
        _link(draft, path)
    except OSError as error:
        raise SecretError(f"{path} is not writable: {error.strerror}") from None


def _new_secret(randomness: Randomness) -> str:
    return b64encode(randomness.bytes(48)).decode("ascii")


def _draft(path: Path, secrets: tuple[str, ...]) -> Path:
    """Write secrets to a new file next to `path`, and flush it to disk."""
    # A unique name: threads share a process id, and so may containers that share the folder.
    draft = path.with_name(f".secret_keys.{SystemRandomness().bytes(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write("".join(f"{secret}\n" for secret in secrets))
        handle.flush()
        os.fsync(handle.fileno())
    return draft


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
