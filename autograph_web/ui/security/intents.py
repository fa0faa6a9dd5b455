"""The intents of the security page, and its steps."""

from enum import StrEnum


class Intent(StrEnum):
    """What a user may do here; the value is also the value of `?then=`."""

    PASSWORD = "change-password"  # noqa: S105  (a name)
    TURN_ON = "turn-on"
    REPLACE = "replace"
    NEW_CODES = "new-codes"
    TURN_OFF = "turn-off"


class Step(StrEnum):
    """The steps of the page."""

    PASSWORD = "change-password"  # noqa: S105  (a name)
    CONFIRM = "confirm"
    SETUP = "setup"
    CODES = "codes"
    NEW_CODES = "new-codes"
    TURN_OFF = "turn-off"


OUTCOME_MESSAGES: dict[str, str] = {
    Intent.PASSWORD: "Your password was changed.",
    Intent.TURN_ON: "Two-step verification is on.",
    Intent.REPLACE: "Your authenticator app was replaced. Delete the older entry in the app; the new one has "
    "today's date in its name.",
    Intent.NEW_CODES: "Your new recovery codes are ready. The old ones no longer work.",
    Intent.TURN_OFF: "Two-step verification is off.",
}
"""The notices after an intent was carried out."""


def intent_of(value: object, *, on: bool) -> Intent | None:
    """Return the intent called `value`, if it is possible with two-step verification `on` or off."""
    if not isinstance(value, str) or value not in set(Intent):
        return None
    intent = Intent(value)
    if intent is Intent.PASSWORD:
        return intent
    return intent if on is not (intent is Intent.TURN_ON) else None
