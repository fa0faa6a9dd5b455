"""How somebody authenticated, when, and how strong that was.

The terms are those of OpenID Connect Core 1.0 section 2 (`amr`, `auth_time`), RFC 8176 (the values of `amr`)
and NIST SP 800-63B-4 (authenticator assurance levels). A session keeps its methods as one text, such as
"password+totp", which REST shows as well; no other module takes it apart.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from autograph_web.infra.clock import Clock
from autograph_web.sessions.errors import ReauthenticationRequired

RECENT_S = 600
"""How long an authentication counts as recent."""
_BETWEEN = "+"


class AuthMethod(StrEnum):
    """What somebody showed, or what stood in for it."""

    PASSWORD = "password"  # noqa: S105  (a method)
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    TRUSTED_DEVICE = "trusted_device"


class Level(IntEnum):
    """Authenticator assurance level (NIST SP 800-63B-4 section 2)."""

    AAL1 = 1
    AAL2 = 2


_AMR = {AuthMethod.PASSWORD: "pwd", AuthMethod.TOTP: "otp", AuthMethod.RECOVERY_CODE: "otp"}
_SECOND_FACTORS = frozenset({AuthMethod.TOTP, AuthMethod.RECOVERY_CODE})


def as_text(*methods: AuthMethod) -> str:
    """Return methods as a session keeps them, in the order in which they were shown."""
    return _BETWEEN.join(methods)


@dataclass(frozen=True, slots=True)
class Assurance:
    """The methods of one authentication, in order, and when it was completed (`auth_time`)."""

    methods: tuple[AuthMethod, ...]
    auth_time: datetime

    @classmethod
    def of(cls, text: str, auth_time: datetime) -> "Assurance":
        """Read what a session keeps; a method that only a newer version knows counts for nothing."""
        known = {method.value: method for method in AuthMethod}
        return cls(tuple(known[part] for part in text.split(_BETWEEN) if part in known), auth_time)

    @property
    def amr(self) -> tuple[str, ...]:
        """The authentication method references of RFC 8176."""
        single = tuple(dict.fromkeys(_AMR[method] for method in self.methods if method in _AMR))
        return (*single, "mfa") if self.level is Level.AAL2 else single

    @property
    def level(self) -> Level:
        """Which level it reaches: a trusted device stands in for a factor, but shows none."""
        return Level.AAL2 if _SECOND_FACTORS.intersection(self.methods) else Level.AAL1

    @property
    def is_two_step(self) -> bool:
        """Whether a second factor was shown, or a device that was trusted with one."""
        return len(self.methods) > 1

    def is_recent(self, mfa_enabled: bool, clock: Clock) -> bool:
        """Return True if it was completed within ten minutes, with a second factor if the account has one."""
        recent = clock.seconds() - self.auth_time.timestamp() <= RECENT_S
        return recent and (not mfa_enabled or self.level is Level.AAL2)

    def require_recent(self, mfa_enabled: bool, clock: Clock) -> None:
        """Let a recent authentication pass.

        Raises:
            ReauthenticationRequired: It is over ten minutes old, or a trusted device stood in for the factor.
        """
        if not self.is_recent(mfa_enabled, clock):
            raise ReauthenticationRequired
