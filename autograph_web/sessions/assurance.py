"""How and when a user authenticated, and at which assurance level.

The terms are those of OpenID Connect Core 1.0 section 2 (`amr`, `auth_time`), RFC 8176 (the values of `amr`)
and NIST SP 800-63B-4 (authenticator assurance levels). A session stores the `amr` values, and the method ids
as one string, such as "password+totp", which REST exposes; no other module parses either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NewType

from autograph_web.infra.clock import Clock
from autograph_web.sessions.errors import ReauthenticationRequired

RECENT_S = 600
"""How long an authentication counts as recent, in seconds."""
MULTI_FACTOR = "mfa"
"""The `amr` value of an authentication with more than one factor (RFC 8176 section 2)."""
_BETWEEN, _BETWEEN_AMR = "+", " "

MethodId = NewType("MethodId", str)
"""The name of an authentication method: stored, exposed by REST, never changed."""

TRUSTED_DEVICE = MethodId("trusted_device")
"""The only method that proves no factor itself: it replaces a second factor that was verified earlier."""

# Sessions opened by the previous version have no `amr`; these are the methods it had.
_AMR_BEFORE = {"password": "pwd", "totp": "otp", "recovery_code": "otp"}


class Level(IntEnum):
    """Authenticator assurance level (NIST SP 800-63B-4 section 2)."""

    AAL1 = 1
    AAL2 = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """The methods verified so far in an authentication in progress, in order, and their `amr` values."""

    methods: tuple[MethodId, ...]
    amr: tuple[str, ...]

    def with_second_factor(self, method: MethodId, amr: tuple[str, ...]) -> "Shown":
        """Return a copy with a second factor added."""
        return Shown((*self.methods, method), tuple(dict.fromkeys((*self.amr, *amr, MULTI_FACTOR))))

    def with_trusted_device(self) -> "Shown":
        """Return a copy with a trusted device added in place of a second factor."""
        return Shown((*self.methods, TRUSTED_DEVICE), self.amr)


def method_text(methods: Iterable[MethodId]) -> str:
    """Return methods in the form a session stores, in the order in which they were verified."""
    return _BETWEEN.join(methods)


def methods_of(text: str) -> tuple[MethodId, ...]:
    """Return the methods that a session stores as `text`."""
    return tuple(MethodId(part) for part in text.split(_BETWEEN))


def amr_text(amr: Iterable[str]) -> str:
    """Return `amr` values in the form a session stores."""
    return _BETWEEN_AMR.join(amr)


@dataclass(frozen=True, slots=True)
class Assurance:
    """The methods of one authentication, in order, their `amr`, and its time of completion (`auth_time`)."""

    methods: tuple[MethodId, ...]
    amr: tuple[str, ...]
    auth_time: datetime

    @classmethod
    def of(cls, methods: str, amr: str | None, auth_time: datetime) -> "Assurance":
        """Parse what a session stores; a session opened by the previous version has no `amr`."""
        ids = methods_of(methods)
        return cls(ids, _amr_before(ids) if amr is None else tuple(amr.split()), auth_time)

    @property
    def level(self) -> Level:
        """The assurance level reached; a trusted device replaces a second factor but does not prove one."""
        return Level.AAL2 if MULTI_FACTOR in self.amr else Level.AAL1

    @property
    def is_two_step(self) -> bool:
        """Whether a second factor was verified, or replaced by a trusted device."""
        return self.level is Level.AAL2 or TRUSTED_DEVICE in self.methods

    def is_recent(self, mfa_enabled: bool, clock: Clock) -> bool:
        """Return True if it completed within `RECENT_S`, with a second factor if the account has one."""
        recent = clock.seconds() - self.auth_time.timestamp() <= RECENT_S
        return recent and (not mfa_enabled or self.level is Level.AAL2)

    def require_recent(self, mfa_enabled: bool, clock: Clock) -> None:
        """Require a recent authentication.

        Raises:
            ReauthenticationRequired: It is over ten minutes old, or lacks a second factor that the account
                has.
        """
        if not self.is_recent(mfa_enabled, clock):
            raise ReauthenticationRequired


def _amr_before(methods: tuple[MethodId, ...]) -> tuple[str, ...]:
    single = tuple(dict.fromkeys(_AMR_BEFORE[method] for method in methods if method in _AMR_BEFORE))
    return (*single, MULTI_FACTOR) if "otp" in single else single
