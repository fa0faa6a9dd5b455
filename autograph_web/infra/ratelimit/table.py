"""The table of rate limits: what is counted, per what, and how often it is allowed.

`python -m autograph_web limits` prints it (docs/configuration.md). Each row is a setting:
`AUTOGRAPH_LIMIT_LOGIN=5/15m` allows five within a quarter of an hour, `5/5m,20/1h` requires both. The bounds
of a connection or message are in `bounds.py`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_WINDOW_S = 31 * 86_400
_SHAPE = "must look like 5/15m: a number per period (s, m, h or d); separate several with commas"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` within any `window` seconds."""

    limit: int
    window: int

    def __str__(self) -> str:
        """Return the rate in the notation of the settings: "5/15m"."""
        unit = next(unit for unit in ("d", "h", "m", "s") if self.window % _SECONDS[unit] == 0)
        return f"{self.limit}/{self.window // _SECONDS[unit]}{unit}"


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Parse rates in the notation of the settings.

    Raises:
        ValueError: They do not have the form "5/15m" or "5/5m,20/1h".
    """
    found = [_RATE.fullmatch(part.strip().replace(" ", "")) for part in text.split(",")]
    rates = [Rate(int(each[1]), int(each[2] or 1) * _SECONDS[each[3]]) for each in found if each is not None]
    windows = {rate.window for rate in rates}
    if len(rates) < len(found) or len(windows) < len(rates) or max(windows) > _LONGEST_WINDOW_S:
        raise ValueError(_SHAPE)
    return tuple(rates)


class Per(StrEnum):
    """The subject for which a limit counts."""

    ADDRESS = "client address"
    ACCOUNT = "account"
    EMAIL = "email address"
    KEY = "API key"
    CHALLENGE = "sign-in"


class Limit(StrEnum):
    """One limit; its value is its name in Redis, in metrics and, after `limit_`, in the settings."""

    per: Per
    default: tuple[Rate, ...]
    meaning: str

    def __new__(cls, value: str, per: Per, default: str, meaning: str) -> "Limit":
        """Create a row of the table."""
        member = str.__new__(cls, value)
        member._value_, member.per, member.meaning = value, per, meaning
        member.default = parse_rates(default)
        return member

    @property
    def setting(self) -> str:
        """The name of its setting, without the prefix."""
        return f"limit_{self.value}"

    LOGIN = "login", Per.ADDRESS, "5/15m", "wrong passwords"
    LOGIN_ACCOUNT = (
        *("login_account", Per.EMAIL, "5/15m"),
        "wrong passwords; a browser that signed in to the account before has a separate limit",
    )
    MFA = "mfa", Per.ACCOUNT, "5/5m,20/1h,50/1d", "wrong codes (NIST SP 800-63B-4, 3.2.2)"
    MFA_CHALLENGE = "mfa_challenge", Per.CHALLENGE, "5/5m", "wrong codes of one sign-in"
    TOTP_SETUP = "totp_setup", Per.ACCOUNT, "20/1h", "authenticator keys created"
    REGISTER = "register", Per.ADDRESS, "100/1h", "registrations"
    VERIFY = "verify", Per.ACCOUNT, "1/1m,5/1h", "verification emails requested by the user"
    VERIFY_TO = "verify_to", Per.EMAIL, "1/1m,5/1h", "verification emails to one inbox"
    VERIFY_FROM = "verify_from", Per.ADDRESS, "20/1h", "verification emails requested"
    VERIFY_CONFIRM = "verify_confirm", Per.ADDRESS, "20/15m", "wrong verification links"
    RESET = "reset", Per.ADDRESS, "10/1h", "password reset emails requested"
    RESET_ACCOUNT = "reset_account", Per.EMAIL, "3/1h", "password reset emails to one inbox"
    RESET_CONFIRM = "reset_confirm", Per.ADDRESS, "20/15m", "wrong password reset links"
    EMAIL_CHANGE = "email_change", Per.ACCOUNT, "5/1h", "email changes requested"
    EMAIL_CHANGE_TO = "email_change_to", Per.EMAIL, "3/1h", "email changes to one inbox"
    EMAIL_CHANGE_CONFIRM = (
        *("email_change_confirm", Per.ADDRESS, "20/15m"),
        "wrong links to confirm an email change",
    )
    EMAIL_CHANGE_UNDO = (
        *("email_change_undo", Per.ADDRESS, "20/15m"),
        "wrong links to undo an email change",
    )
    API_KEY = "api_key", Per.KEY, "600/1m", "requests"
    API_KEY_WRONG = "api_key_wrong", Per.ADDRESS, "20/15m", "wrong API keys"
    API_KEY_CREATION = "api_key_creation", Per.ACCOUNT, "100/1h", "API keys created"
    ACTIVITY = "activity", Per.ACCOUNT, "20/1h", "downloads of a user's own activity"
    EXPORT = "export", Per.ACCOUNT, "20/1h", "downloads of a user's own data"
    AUDIT = "audit", Per.ACCOUNT, "20/1h", "audit log downloads by an administrator"


HASHED = frozenset({Per.EMAIL, Per.KEY})
"""Subjects that appear only hashed in Redis keys."""
