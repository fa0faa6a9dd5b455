"""The table of feature flags: what can be changed while the server runs, its values and their meanings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from autograph_web.flags.errors import FlagUnknown

V = TypeVar("V")
EmailVerification = Literal["off", "banner", "required"]

_SWITCH: dict[str, bool] = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Flag(Generic[V]):
    """One flag. Its default is the setting of the same name.

    `choices` maps the values that an operator can choose to the effective ones; `meanings` explains each. A
    flag that is `per_account` may apply to a share of the accounts; others are evaluated before there is an
    account.
    """

    name: str
    label: str
    choices: Mapping[str, V]
    meanings: Mapping[str, str]
    per_account: bool

    def word_of(self, value: V) -> str:
        """Return the name of the choice for `value`."""
        return next(word for word, one in self.choices.items() if one == value)


EMAIL_VERIFICATION: Flag[EmailVerification] = Flag(
    "email_verification",
    "Email confirmation",
    {"off": "off", "banner": "banner", "required": "required"},
    {
        "off": "New accounts are not asked to confirm their email.",
        "banner": "New accounts get a link, and a banner reminds their owners of it.",
        "required": "Nobody signs in before their email is confirmed.",
    },
    per_account=True,
)
REGISTRATION_OPEN: Flag[bool] = Flag(
    "registration_open",
    "Registration",
    _SWITCH,
    {
        "on": "Anybody may create an account.",
        "off": "Nobody may create an account; administrators still can, for others.",
    },
    per_account=False,
)
TRUSTED_DEVICES: Flag[bool] = Flag(
    "trusted_devices",
    "Trusted devices",
    _SWITCH,
    {
        "on": "A browser may be trusted for 30 days; no code is asked for there.",
        "off": "No browser may be trusted, and a code is asked for on those that were.",
    },
    per_account=True,
)
PASSWORD_GRANT: Flag[bool] = Flag(
    "password_grant",
    "OAuth 2 password form",
    _SWITCH,
    {"on": "POST /token is served.", "off": "POST /token answers 404."},
    per_account=False,
)
SIGN_IN_NOTICES: Flag[bool] = Flag(
    "sign_in_notices",
    "Letters about new sign-ins",
    _SWITCH,
    {
        "on": "A sign-in from a browser not seen before is told to the owner by mail.",
        "off": "No letter tells of a sign-in.",
    },
    per_account=True,
)
FLAGS: tuple[Flag[Any], ...] = (
    EMAIL_VERIFICATION,
    REGISTRATION_OPEN,
    TRUSTED_DEVICES,
    PASSWORD_GRANT,
    SIGN_IN_NOTICES,
)


def flag_called(name: str) -> Flag[Any]:
    """Return the flag with this name.

    Raises:
        FlagUnknown: No flag has this name.
    """
    for flag in FLAGS:
        if flag.name == name:
            return flag
    raise FlagUnknown
