"""The secrets everything is derived from: judged when given, made once when not."""

import os
from base64 import b64encode
from pathlib import Path

from autograph_web.infra.file_lock import file_lock
from autograph_web.infra.randomness import Randomness, SystemRandomness

_PLACEHOLDERS = ("change", "secret", "password", "example", "placeholder", "insecure", "default", "your-")
_MIN_LENGTH = 43  # 32 bytes in unpadded base64: 256 bits (RFC 7518 section 3.2)
_MIN_DISTINCT = 12


class SecretError(ValueError):
    """A secret is missing or not worth the name; the message is one line."""


def check_secret(secret: str) -> None:
    """Refuse a secret that is short, a placeholder or repetitive.

    Raises:
        SecretError: With what to do about it.
    """
    lowered = secret.lower()
    weak = len(secret) < _MIN_LENGTH or len(set(secret)) < _MIN_DISTINCT
    if weak or any(word in lowered for word in _PLACEHOLDERS):
        raise SecretError(
            "holds a placeholder or a secret under 256 bits; make one with: openssl rand -base64 32"
        )


def secrets_of_data_dir(data_dir: Path) -> tuple[str, ...]:
    """Return the secrets of the data folder, newest first, making the first one if there is none.

    Raises:
        SecretError: The file is unreadable, empty or damaged.
    """
    path = data_dir / "secret_keys"
    if not path.exists():
        _create(path)
    secrets = tuple(line.strip() for line in _read(path).splitlines() if line.strip())
    if not secrets or any(len(secret) < _MIN_LENGTH for secret in secrets):
        raise SecretError(f"{path} is damaged: restore it from a backup, or remove it to sign everybody out")
    return secrets


def add_secret(data_dir: Path, randomness: Randomness) -> int:
    """Put a new secret in front of those of the data folder; return how many there are now.

    Raises:
        SecretError: The file is damaged, or cannot be read or written; it is as it was.
    """
    path = data_dir / "secret_keys"
    try:
        with file_lock(data_dir / "secret_keys.lock"):  # of two at once neither loses the other's
            secrets = (_new_secret(randomness), *secrets_of_data_dir(data_dir))
            _draft(path, secrets).replace(path)
    except OSError as error:
        raise SecretError(f"{path} cannot be written: {error.strerror}") from None
    return len(secrets)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path} cannot be read: {error.__class__.__name__}") from None


def _create(path: Path) -> None:
    # Written aside and linked into place, so that of two processes starting at once exactly one wins
    # and neither ever reads a half-written file.
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = _draft(path, (_new_secret(SystemRandomness()),))
        _link(draft, path)
    except OSError as error:
        raise SecretError(f"{path} cannot be written: {error.strerror}") from None


def _new_secret(randomness: Randomness) -> str:
    return b64encode(randomness.bytes(48)).decode("ascii")


def _draft(path: Path, secrets: tuple[str, ...]) -> Path:
    """Write secrets beside `path`, all the way to the disk."""
    # A name of its own: threads share a process id, and so do containers that share the folder.
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
