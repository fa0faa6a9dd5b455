"""What was revoked when the owner reclaimed an account, and its representation in text."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autograph_web.authn.revocation import Revoked
from autograph_web.infra.wording import counted, moment_in_words


@dataclass(frozen=True, slots=True)
class RevokedCredentials:
    """The credentials that were revoked and no longer grant access.

    `authenticator_set_up_at` is None unless an active authenticator was removed; `recovery_codes` counts the
    unused ones. `password` is set if the password was removed without a new one in its place yet.
    """

    sessions: int
    authenticator_set_up_at: datetime | None
    recovery_codes: int
    trusted_devices: int
    api_keys: int
    password: bool = False

    @classmethod
    def of(cls, revoked: Revoked, *, password: bool = False) -> "RevokedCredentials":
        """Return the part of `revoked` that the user is informed of."""
        return cls(
            revoked.sessions,
            revoked.second_factor_set_up_at,
            revoked.count("recovery_codes"),
            revoked.count("trusted_devices"),
            revoked.count("api_keys"),
            password,
        )

    def in_words(self) -> str:
        """Return what was revoked besides the sessions, as a list within a sentence; or an empty string."""
        told: list[str] = []
        codes = counted(self.recovery_codes, "recovery code")
        if self.authenticator_set_up_at is not None:
            app = f"an authenticator app set up on {moment_in_words(self.authenticator_set_up_at)}"
            told.append(f"{app} with {codes}" if self.recovery_codes else app)
        elif self.recovery_codes:
            told.append(codes)
        told += [
            counted(count, name)
            for count, name in ((self.api_keys, "API key"), (self.trusted_devices, "trusted browser"))
            if count
        ]
        if self.password:
            told.append("the password")
        return ", ".join(told)

    def as_values(self) -> dict[str, str]:
        """Return the values that are passed on to a page; empty if there is nothing to list."""
        words = self.in_words()
        return {"removed": words} if words else {}

    def as_details(self) -> dict[str, Any]:
        """Return the details for an event in the audit log."""
        told = {
            "revoked": self.sessions,
            "api_keys": self.api_keys,
            "trusted_devices": self.trusted_devices,
            "authenticators": int(self.authenticator_set_up_at is not None),
            "recovery_codes": self.recovery_codes,
        }
        return told | {"passwords": 1} if self.password else told
