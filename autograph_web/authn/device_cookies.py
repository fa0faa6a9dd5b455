"""Cookies of devices that an account signed in from before, so that others' failures cannot lock them out."""

from autograph_web.accounts.emails import normalize_email
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import Randomness, random_token


class DeviceCookies:
    """Device cookies as described in OWASP's "Device Cookies": a nonce signed for one account.

    A value is `nonce.kid.mac`. It proves an earlier sign-in to that account and grants no access.
    """

    def __init__(self, keyring: Keyring, randomness: Randomness) -> None:
        self._keyring, self._randomness = keyring, randomness

    def issue(self, email: str) -> str:
        """Return a new device cookie for the account of `email`; issue it only after a successful sign-in."""
        nonce = random_token(self._randomness, 16)
        return f"{nonce}.{self._keyring.sign(_message(nonce, normalize_email(email)))}"

    def recognise(self, value: str | None, email_key: str) -> str | None:
        """Return the nonce of a device cookie that was issued for this account, otherwise None."""
        if not value or len(value) > 256:
            return None
        nonce, _, signature = value.partition(".")
        return nonce if self._keyring.verify(_message(nonce, email_key), signature) else None


def _message(nonce: str, email_key: str) -> bytes:
    return f"device\n{nonce}\n{email_key}".encode("utf-8", "replace")
