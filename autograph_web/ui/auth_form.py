"""The base of the forms for sign-in and registration."""

from autograph_web.http.redirects import safe_next
from autograph_web.infra.flash import Flash
from autograph_web.ui import guard, messages
from autograph_web.ui.form_state import FormState


class AuthForm(FormState, mixin=True):
    """Vars of a page that leads into an account; `leave` is the destination of a user who is signed in."""

    email: str = ""
    leave: str = ""
    # The connection that last loaded the page; another one means a reconnect, not a new page.
    _connection: str = ""

    async def _prepare_form(self) -> None:
        """Prepare the page: leave if already signed in, else show what a native post left behind."""
        self._reset_previous_page()
        query = self.router.url.query_parameters
        self.next_path = safe_next(query.get("next"))
        if await guard.is_signed_in(self.router):
            self.leave = self.next_path
            return
        await self._resume()
        if "ended" in query:  # the query can be forged, so the reason is looked up
            why = await guard.end_reason(self.router) or "not_authenticated"
            self.notice = self.notice or messages.notice(why)
        else:  # with it, another tab did something and is about to show the message
            await self._show_flash()

    async def _resume(self) -> None:
        """Resume a flow that was begun without JavaScript."""

    def _reset_previous_page(self) -> None:
        connection = self.router.session.session_id
        if connection == self._connection:
            self._reset_form()
        self._connection = connection
        self.pending = False

    def _reset_form(self) -> None:
        self._clear()

    async def _show_flash(self) -> Flash | None:
        flash = await super()._show_flash()
        if flash is not None:
            self.email = flash.values.get("email", "") or self.email
        return flash
