"""What the forms for signing in and for registering share: their vars and how an outcome is shown.

No password and no session token is ever kept in a var. The one exception is `ticket`, which works once
within 30 seconds and is void as soon as the browser has exchanged it for its cookie.
"""

import logging
from collections.abc import Awaitable
from typing import Any, cast

import reflex as rx
from pydantic import ValidationError

from autograph_web.core.errors import DomainError, InternalError, InvalidInput, error_kinds
from autograph_web.http.redirects import safe_next
from autograph_web.runtime import services
from autograph_web.sessions.viewer import SignedIn
from autograph_web.ui import guard, messages

_logger = logging.getLogger(__name__)

# Longer than any address or password the services accept, so refusing more here changes no outcome.
_LONGEST = 4096
_PROMPTS = {"email": messages.TYPE_EMAIL, "password": messages.TYPE_PASSWORD}
# The element that gets the focus, by the field at fault.
_FOCUS = {"email": "email", "password": "password", "both": "password"}


def text_fields(form: object, *names: str) -> dict[str, str]:
    """Return the named fields of a submitted form; refuse with InvalidInput if it is not one."""
    if not isinstance(form, dict):
        raise InvalidInput
    sent = cast("dict[object, object]", form)
    values = {name: sent.get(name, "") for name in names}
    texts = {
        name: value for name, value in values.items() if isinstance(value, str) and len(value) <= _LONGEST
    }
    if len(texts) < len(values):
        raise InvalidInput
    return texts


class AuthForm(rx.State, mixin=True):
    """Vars of a form with an email and a password.

    `bad` is the field at fault: "email", "password", "both" or nothing. `answers` counts the outcomes, so
    that two equal ones in a row are still two changes in the document.
    """

    pending: bool = False
    answers: int = 0
    alert: str = ""
    notice: str = ""
    wait_seconds: int = 0
    wait_text: str = ""
    bad: str = ""
    bad_text: str = ""
    focus: str = ""
    email: str = ""
    next_path: str = ""
    ticket: str = ""
    leave: str = ""
    # The connection that saw the page last; a new one means a mended connection, not a new page.
    _connection: str = ""

    async def _arrive(self) -> None:
        """Prepare the page: leave if already signed in, else show what a native post left behind."""
        self._forget_other_page()
        query = self.router.url.query_parameters
        self.next_path = safe_next(query.get("next"))
        if await guard.is_signed_in(self.router):
            self.leave = self.next_path
            return
        self.notice = self.notice or messages.notice(query.get("ended", ""))
        await self._show_flash()

    def _forget_other_page(self) -> None:
        connection = self.router.session.session_id
        if connection == self._connection:
            self._clear()
        self._connection = connection
        self.pending = False

    async def _show_flash(self) -> None:
        name = guard.flash_of(self.router)
        flash = await services().flash.take(name) if name else None
        if flash is None:
            return
        self.email = flash.values.get("email", "")
        self.notice = messages.notice(flash.code)
        kind = error_kinds().get(flash.code)
        if kind is not None and not self.notice:
            self._refuse(kind(field=flash.field, retry_after=flash.retry_after, reasons=flash.reasons))

    async def _attempt(self, signing_in: Awaitable[SignedIn]) -> None:
        """Show how `signing_in` turned out: a ticket for the browser to exchange, or a refusal."""
        try:
            self.ticket = await services().handoff.issue(await signing_in)
        except DomainError as error:
            self._refuse(error)
        except ValidationError:
            self._refuse(InvalidInput())
        except Exception:
            # Raised further, the page would wait for an answer that never comes.
            _logger.exception("an event handler failed unexpectedly")
            self._refuse(InternalError())

    def _fields(self, form: Any) -> dict[str, str] | None:
        """Return email and password if both were typed; otherwise show what is wrong."""
        try:
            values = text_fields(form, *_PROMPTS)
        except InvalidInput as error:
            self._refuse(error)
            return None
        # No try is spent on a form that cannot succeed.
        empty = next((name for name in _PROMPTS if not values[name].strip()), None)
        if empty is None:
            return values
        self._answer(empty, _PROMPTS[empty], messages.CHECK_FIELD)
        return None

    def _begin(self) -> None:
        self._clear()
        self.pending = True

    def _clear(self) -> None:
        self.alert = self.notice = self.bad = self.bad_text = self.focus = self.wait_text = ""
        self.wait_seconds = 0

    def _refuse(self, error: DomainError) -> None:
        """Show `error` and let the person try again."""
        if error.code == messages.RATE_LIMITED:
            self.wait_seconds = error.retry_after or 1
            self.wait_text = messages.wait(self.wait_seconds)
        if error.field in _PROMPTS:
            self._answer(error.field, messages.sentence(error), messages.CHECK_FIELD)
        else:
            self._answer("both" if error.code == "invalid_credentials" else "", "", messages.sentence(error))

    def _answer(self, bad: str, text: str, alert: str) -> None:
        """Mark the field `bad` with `text` beside it and `alert` above the form, and send the focus there."""
        self.pending = False
        self.answers += 1
        self.bad, self.bad_text, self.alert = bad, text, alert
        self.focus = f"{_FOCUS.get(bad, messages.ALERT_ID)}:{self.answers}"
