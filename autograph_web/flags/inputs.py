"""What an operator asks of a flag, checked for shape."""

from dataclasses import dataclass
from typing import Any

from autograph_web.flags.errors import FlagShareInvalid, FlagValueInvalid
from autograph_web.flags.table import Flag, flag_called

EVERYBODY = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What a flag is to say, to which share of the accounts in percent; without a word, its default."""

    flag: Flag[Any]
    word: str | None
    percent: int


def read_wish(name: str, word: str | None, percent: int = EVERYBODY) -> Wish:
    """Return the wish that was typed or sent.

    Raises:
        FlagUnknown: No flag has this name.
        FlagValueInvalid: It does not know this word; the reasons tell those it does.
        FlagShareInvalid: Not 0 to 100, or not everybody where the flag decides before there is an account.
    """
    flag = flag_called(name)
    if word is not None and word not in flag.choices:
        raise FlagValueInvalid(reasons=(f"{flag.name} takes {', '.join(flag.choices)}.",))
    if not 0 <= percent <= EVERYBODY or (percent != EVERYBODY and not flag.per_account):
        raise FlagShareInvalid
    return Wish(flag, word, percent)
