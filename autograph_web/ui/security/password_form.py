"""The vars of the password's card and of its form."""

from datetime import timedelta

from autograph_web.accounts.account import Account
from autograph_web.infra.clock import SystemClock
from autograph_web.ui import view_models
from autograph_web.ui.new_password import NewPassword

# The value of `?then=` after a change, for the page that loads with the new session.
CHANGED = "password-changed"
_CLOCK = SystemClock()
_JUST_NOW = timedelta(minutes=2)


class PasswordForm(NewPassword, mixin=True):
    """The time of the last change, in ISO 8601 and formatted."""

    password_at: str = ""
    password_when: str = ""
    _just_changed: bool = False

    def _show_password(self, account: Account) -> None:
        self._set_owner_email(account.email)
        self._load_password_rules()
        self.password_at = view_models.iso(account.password_changed_at)
        self.password_when = view_models.format_datetime(account.password_changed_at)
        recent = _CLOCK.now() - account.password_changed_at < _JUST_NOW
        self._just_changed = recent and account.password_changed_at > account.created_at

    def _has_just_changed(self, asked_for: object) -> bool:
        """Return True if the URL says so and it is true: the URL can be forged."""
        return asked_for == CHANGED and self._just_changed
