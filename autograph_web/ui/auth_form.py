"""What the forms for signing in and for registering share: their vars and how an outcome is shown.

No password and no session token is ever kept in a var. The one exception is `ticket`, which works once
within 30 seconds and is void as soon as the browser has exchanged it for its cookie.
"""

from typing import Any

import reflex as rx
from autograph_web.core.errors import DomainError, InvalidInput, error_kinds
from autograph_web.http.redirects import safe_next
from autograph_web.runtime import services
from autograph_web.ui import guard, messages
from autograph_web.ui.routes import DASHBOARD

# Longer than any address or password the services accept, so cutting here changes no outcome.
_LONGEST = 4096


def text_fields(form: object, *names: str) -> dict[str, str]:
    """Return the named fields of a submitted form; refuse with InvalidInput if it is not one."""
    if not isinstance(form, dict):
        raise InvalidInput
    values = {name: form.get(name, "") for name in names}
    if not all(isinstance(value, str) and len(value) <= _LONGEST for value in values.values()):
        raise InvalidInput
    return values


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
            self._refuse(kind(field=flash.field, retry_after=flash.retry_after))

    def _clear(self) -> None:
        self.alert = self.notice = self.bad = self.bad_text = self.focus = ""
        self.wait_seconds = 0

    def _begin(self) -> None:
        self._clear()
        self.pending = True

    def _refuse(self, error: DomainError) -> None:
        """Show `error` and let the person try again."""
        self.pending = False
        self.answers += 1
        self.wait_seconds = error.retry_after or 0 if error.code == messages.RATE_LIMITED else 0
        if error.field in {"email", "password"}:
            self._mark(error.field, messages.sentence(error), messages.CHECK_FIELD)
        else:
            both = "both" if error.code == "invalid_credentials" else ""
            self._mark(both, "", messages.sentence(error))

    def _mark(self, field: str, text: str, alert: str) -> None:
        """Mark `field` with `text` beside it and `alert` above the form, and send the focus there."""
        self.bad, self.bad_text, self.alert = field, text, alert
        target = {"email": "email", "password": "password", "both": "password"}.get(field, "form-alert")
        self.focus = f"{target}:{self.answers}"

    def _missing(self, values: dict[str, str]) -> bool:
        """Mark the first empty field, if any: no try is spent on a form that cannot succeed."""
        prompts = {"email": messages.TYPE_EMAIL, "password": messages.TYPE_PASSWORD}
        empty = next((name for name in prompts if not values[name].strip()), None)
        if empty is not None:
            self.answers += 1
            self.pending = False
            self._mark(empty, prompts[empty], messages.CHECK_FIELD)
        return empty is not None

    def _fields(self, form: Any) -> dict[str, str] | None:
        """Return email and password if both were typed; otherwise show what is wrong."""
        try:
            values = text_fields(form, "email", "password")
        except InvalidInput as error:
            self._refuse(error)
            return None
        return None if self._missing(values) else values
