"""What can be done on the security page, and the steps it takes."""

from enum import StrEnum


class Wish(StrEnum):
    """What a person wants; the value is also what `?then=` in the address may say."""

    PASSWORD = "change-password"  # noqa: S105  (a name)
    TURN_ON = "turn-on"
    REPLACE = "replace"
    NEW_CODES = "new-codes"
    TURN_OFF = "turn-off"


class Step(StrEnum):
    """What the page asks for or shows on the way."""

    PASSWORD = "change-password"  # noqa: S105  (a name)
    CONFIRM = "confirm"
    SETUP = "setup"
    CODES = "codes"
    NEW_CODES = "new-codes"
    TURN_OFF = "turn-off"


AFTERWARDS: dict[str, str] = {
    Wish.PASSWORD: "Your password was changed.",
    Wish.TURN_ON: "Two-step verification is on. Signing in now takes your password and a code.",
    Wish.REPLACE: "Your authenticator was replaced. In your app, delete the older entry; the new one has "
    "today's date in its name.",
    Wish.NEW_CODES: "Your new recovery codes are in force. The old ones no longer work.",
    Wish.TURN_OFF: "Two-step verification is off.",
}
"""What is said when a wish has come true."""


def wish_of(value: object, *, on: bool) -> Wish | None:
    """Return the wish called `value`, if it makes sense with two-step verification `on` or off."""
    if not isinstance(value, str) or value not in set(Wish):
        return None
    wish = Wish(value)
    if wish is Wish.PASSWORD:
        return wish
    return wish if on is not (wish is Wish.TURN_ON) else None
