"""An operator's request to change a flag, validated."""

from dataclasses import dataclass
from typing import Any

from autograph_web.flags.errors import FlagShareInvalid, FlagValueInvalid
from autograph_web.flags.table import Flag, flag_called

ALL_ACCOUNTS = 100


@dataclass(frozen=True, slots=True)
class FlagChange:
    """The requested value of a flag for a share of the accounts in percent; None restores the default."""

    flag: Flag[Any]
    word: str | None
    percent: int


def parse_flag_change(name: str, word: str | None, percent: int = ALL_ACCOUNTS) -> FlagChange:
    """Return the validated request.

    Raises:
        FlagUnknown: No flag has this name.
        FlagValueInvalid: It does not accept this value; the reasons list those it does.
        FlagShareInvalid: Not 0 to 100, or not 100 for a flag that is evaluated before there is an account.
    """
    flag = flag_called(name)
    if word is not None and word not in flag.choices:
        raise FlagValueInvalid(reasons=(f"{flag.name} accepts {', '.join(flag.choices)}.",))
    if not 0 <= percent <= ALL_ACCOUNTS or (percent != ALL_ACCOUNTS and not flag.per_account):
        raise FlagShareInvalid
    return FlagChange(flag, word, percent)
