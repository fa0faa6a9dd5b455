"""The base of all forms: their vars and how a result is shown.

No password, code or session token is ever kept in a var. The one exception is `ticket`, which works once
within 30 seconds and is void as soon as the browser has exchanged it for its cookie.
"""

from collections.abc import Awaitable
from typing import Any, cast

import reflex as rx
from pydantic import ValidationError

from autograph_web.accounts.errors import PasswordTooLong
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.totp import codes
from autograph_web.infra.errors import DomainError, InvalidInput, error_kinds
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services
from autograph_web.sessions.principal import AuthenticationGrant
from autograph_web.ui import guard, messages
from autograph_web.ui.failures import show_failure

# Longer than anything the services accept in these fields, so that this limit changes no result.
_LONGEST = 4096
# The element that gets the focus, by the field with the error.
_FOCUS = {**{field: field for field in messages.PROMPTS}, "both": "password"}


def text_fields(form: object, *names: str) -> dict[str, str]:
    """Return the named fields of a submitted form; raise InvalidInput if it is not one.

    No field of a page truncates its value, so that a value that is too long is reported as such.
    """
    if not isinstance(form, dict):
        raise InvalidInput
    sent = cast("dict[object, object]", form)
    values = {name: sent.get(name, "") for name in names}
    texts = {
        name: value for name, value in values.items() if isinstance(value, str) and len(value) <= _LONGEST
    }
    for name in values.keys() - texts.keys():
        if name.endswith("password") and isinstance(values[name], str):
            raise PasswordTooLong(field=name)
        raise InvalidInput
    return texts


async def _validated(trying: Awaitable[None]) -> None:
    try:
        await trying
    except ValidationError as error:  # of typed input
        raise InvalidInput from error


class FormState(rx.State, mixin=True):
    """Vars of a form whose success may be a sign-in.

    `bad` is the field with the error (one of `messages.PROMPTS`), "both" (email and password) or empty.
    `answers` counts the results, so that two equal ones in a row are still two changes in the document.
    `wait_text` is the clock of a wait, and `wait_spoken` the same in words, for screen readers.
    """

    pending: bool = False
    answers: int = 0
    alert: str = ""
    notice: str = ""
    wait_seconds: int = 0
    wait_text: str = ""
    wait_spoken: str = ""
    bad: str = ""
    bad_text: str = ""
    focus: str = ""
    ticket: str = ""
    next_path: str = ""

    async def _attempt(self, trying: Awaitable[None]) -> None:
        """Run `trying` and show its error, if it fails."""
        await show_failure(_validated(trying), self._show_error)

    async def _issue_ticket(self, grant: AuthenticationGrant) -> None:
        """Give the browser the ticket that it exchanges for the cookie of `grant`."""
        self.ticket = await services().login_tickets.issue(grant)

    async def _show_flash(self) -> Flash | None:
        """Show what a native post left behind, and return it."""
        name = guard.flash_of(self.router)
        flash = await services().flash.pop(name) if name else None
        if flash is None:
            return None
        self.notice = messages.with_removed(messages.notice(flash.code), flash.values.get("removed", ""))
        kind = error_kinds().get(flash.code)
        if kind is not None and not self.notice:
            self._show_error(kind(field=flash.field, retry_after=flash.retry_after, reasons=flash.reasons))
        return flash

    def _required_fields(self, form: Any, *names: str) -> dict[str, str] | None:
        """Return these fields if all are filled in; otherwise show which is missing."""
        try:
            values = text_fields(form, *names)
        except InvalidInput as error:
            self._show_error(error)
            return None
        # A form that cannot succeed does not count against the rate limit.
        empty = next((name for name in names if not values[name].strip()), None)
        if empty is None:
            return values
        self._set_error(empty, messages.PROMPTS[empty], messages.CHECK_FIELD)
        return None

    def _begin(self) -> None:
        self._clear()
        self.pending = True

    def _clear(self) -> None:
        self.alert = self.notice = self.bad = self.bad_text = self.focus = ""
        self.wait_text = self.wait_spoken = ""
        self.wait_seconds = 0

    def _show_error(self, error: DomainError) -> None:
        """Show `error` and let the form be sent again."""
        if error.code == messages.RATE_LIMITED:
            self._set_wait(error.retry_after or 1)
        if error.field in messages.PROMPTS:
            self._set_error(error.field, self._sentence(error), messages.CHECK_FIELD)
        else:
            self._set_error("both" if error.code == "invalid_credentials" else "", "", self._sentence(error))

    def _set_wait(self, seconds: int) -> None:
        """Show a countdown of this many seconds."""
        self.wait_seconds = seconds
        self.wait_text, self.wait_spoken = messages.clock_wait(seconds), messages.spoken_wait(seconds)

    def _sentence(self, error: DomainError) -> str:
        return messages.sentence(error)

    def _set_error(self, bad: str, text: str, alert: str) -> None:
        """Mark the field `bad` with `text` beside it and `alert` above the form, and focus the field."""
        self.pending = False
        self.bad, self.bad_text, self.alert = bad, text, alert
        self._focus_on(_FOCUS.get(bad, messages.ALERT_ID))

    def _focus_on(self, element: str) -> None:
        """Focus the element with this id, and let every form be sent again."""
        self.pending = False
        self.answers += 1
        self.focus = f"{element}:{self.answers}"


class CodeForm(FormState, mixin=True):
    """Vars of a form that asks for a code: of the authenticator, or a recovery code."""

    recovery: bool = False
    _recovery_typed: bool = False

    @rx.event
    async def switch_code(self) -> None:
        """Switch between the authenticator's code and a recovery code."""
        if self.pending or self.ticket:
            return
        self._clear()
        self.recovery = not self.recovery
        self._focus_on("code")

    def _note_code_kind(self, code: str) -> None:
        """Remember which kind of code was typed, for the wording of an error."""
        self._recovery_typed = codes.read(code) is None

    def _sentence(self, error: DomainError) -> str:
        if isinstance(error, InvalidCode) and self._recovery_typed:
            return messages.WRONG_RECOVERY_CODE
        return super()._sentence(error)
