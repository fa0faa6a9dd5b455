"""View models of the page of feature flags."""

from dataclasses import dataclass
from uuid import UUID

from autograph_web.admin.user_summary import administrator_in
from autograph_web.flags.flags import FlagState
from autograph_web.flags.inputs import ALL_ACCOUNTS
from autograph_web.flags.table import Flag
from autograph_web.ui.view_models import format_datetime, iso

WORDS = {"on": "On", "off": "Off", "banner": "Reminder", "required": "Required"}
"""The labels of flag values."""
AS_SETTINGS = "default"
"""The choice that removes an override; no flag has a value of this name."""


@dataclass
class FlagRow:
    """One flag in the list: `others` is its value for accounts outside its share, if it has one."""

    key: str
    label: str
    says: str
    meaning: str
    others: str
    switched: bool
    by: str
    at: str
    when: str


@dataclass
class ChoiceRow:
    """One value a flag can be set to."""

    value: str
    words: str
    meaning: str


def flag_row(flag_state: FlagState, user_id: UUID) -> FlagRow:
    """Return the view model of a flag, as the account `user_id` sees it."""
    flag, switched = flag_state.flag, flag_state.switched
    partly = switched is not None and switched.percent < ALL_ACCOUNTS
    return FlagRow(
        key=flag.name,
        label=flag.label,
        says=f"{_value_text(flag_state.word)} for {flag_state.percent}%"
        if partly
        else _value_text(flag_state.word),
        meaning=meaning_of(flag, flag_state.word),
        others=f"Everyone else: {_value_text(flag_state.default)}." if partly else "",
        switched=switched is not None,
        by=_actor_text(switched.by, user_id) if switched else "",
        at=iso(switched.at) if switched else "",
        when=format_datetime(switched.at) if switched else "",
    )


def choices_of(flag_state: FlagState) -> list[ChoiceRow]:
    """Return the values a flag can be set to; that of the settings comes first."""
    flag, default = flag_state.flag, flag_state.default
    as_settings = ChoiceRow(
        AS_SETTINGS,
        f"Server default ({_value_text(default)})",
        "Uses the value from the server's configuration.",
    )
    return [as_settings, *(ChoiceRow(word, _value_text(word), flag.meanings[word]) for word in flag.choices)]


def describe_change(flag_state: FlagState, word: str | None, percent: int) -> str:
    """Return a description of a change, for its confirmation."""
    said = _value_text(word or flag_state.default)
    share = "" if percent == ALL_ACCOUNTS or word is None else f" for {percent}% of accounts"
    return (
        f"{flag_state.flag.label}: {said}{share}. {meaning_of(flag_state.flag, word or flag_state.default)}"
    )


def meaning_of(flag: Flag[object], word: str) -> str:
    """Return the description of a flag's value; empty for a value that only a newer version knows."""
    return flag.meanings.get(word, "")


def _value_text(word: str) -> str:
    return WORDS.get(word, word)


def _actor_text(by: str, user_id: UUID) -> str:
    administrator = administrator_in(by)
    if administrator is None:
        interface, separator, name = by.partition(": ")
        return f"{name} ({interface})" if separator else by
    return "you" if administrator == user_id else "another administrator"
