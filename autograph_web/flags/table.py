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
    "Email verification",
    {"off": "off", "banner": "banner", "required": "required"},
    {
        "off": "New users aren't asked to verify their email.",
        "banner": "New users get a link and see a reminder until they verify.",
        "required": "Users must verify their email before they can sign in.",
    },
    per_account=True,
)
REGISTRATION_OPEN: Flag[bool] = Flag(
    "registration_open",
    "Registration",
    _SWITCH,
    {
        "on": "Anyone can create an account.",
        "off": "Only administrators can create accounts.",
    },
    per_account=False,
)
TRUSTED_DEVICES: Flag[bool] = Flag(
    "trusted_devices",
    "Trusted browsers",
    _SWITCH,
    {
        "on": "Users can skip the code on a trusted browser for 30 days.",
        "off": "Users always need a code, even on browsers they trusted before.",
    },
    per_account=True,
)
PASSWORD_GRANT: Flag[bool] = Flag(
    "password_grant",
    "OAuth 2.0 password grant",
    _SWITCH,
    {"on": "POST /token is enabled.", "off": "POST /token returns 404."},
    per_account=False,
)
SIGN_IN_NOTICES: Flag[bool] = Flag(
    "sign_in_notices",
    "New sign-in emails",
    _SWITCH,
    {
        "on": "Users get an email when they sign in from a new browser.",
        "off": "No emails about new sign-ins.",
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
