"""Flags in the words and shapes the page shows."""

from dataclasses import dataclass
from uuid import UUID

from autograph_web.admin.person import administrator_in
from autograph_web.flags.flags import Standing
from autograph_web.flags.inputs import EVERYBODY
from autograph_web.flags.table import Flag
from autograph_web.ui.viewer import in_words, iso

WORDS = {"on": "On", "off": "Off", "banner": "Reminder", "required": "Required"}
"""How the page writes the words of flags."""
AS_SETTINGS = "default"
"""What is chosen for whatever the settings say; no flag has a word like that."""


@dataclass
class FlagRow:
    """One flag as it is listed: `others` is what it says to accounts outside its share, if it has one."""

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
    """One answer to what a flag is to say."""

    value: str
    words: str
    meaning: str


def flag_row(standing: Standing, looking: UUID) -> FlagRow:
    """Return a flag as a line of the list that the account `looking` sees."""
    flag, switched = standing.flag, standing.switched
    partly = switched is not None and switched.percent < EVERYBODY
    return FlagRow(
        key=flag.name,
        label=flag.label,
        says=f"{_word(standing.word)} for {standing.percent} %" if partly else _word(standing.word),
        meaning=meaning_of(flag, standing.word),
        others=f"Everybody else: {_word(standing.default)}." if partly else "",
        switched=switched is not None,
        by=_who(switched.by, looking) if switched else "",
        at=iso(switched.at) if switched else "",
        when=in_words(switched.at) if switched else "",
    )


def choices_of(standing: Standing) -> list[ChoiceRow]:
    """Return what a flag can be switched to, the settings' own first."""
    flag, default = standing.flag, standing.default
    as_settings = ChoiceRow(
        AS_SETTINGS, f"As in the settings ({_word(default)})", "Whatever the server was started with."
    )
    return [as_settings, *(ChoiceRow(word, _word(word), flag.meanings[word]) for word in flag.choices)]


def change_in_words(standing: Standing, word: str | None, percent: int) -> str:
    """Return what a change would do, for whoever is asked whether they mean it."""
    said = _word(word or standing.default)
    share = "" if percent == EVERYBODY or word is None else f" for {percent} % of the accounts"
    return f"{standing.flag.label}: {said}{share}. {meaning_of(standing.flag, word or standing.default)}"


def meaning_of(flag: Flag[object], word: str) -> str:
    """Return what a word of a flag does; a newer version may have written one that says nothing here."""
    return flag.meanings.get(word, "")


def _word(word: str) -> str:
    return WORDS.get(word, word)


def _who(by: str, looking: UUID) -> str:
    administrator = administrator_in(by)
    if administrator is None:
        return by
    return "you" if administrator == looking else "another administrator"
