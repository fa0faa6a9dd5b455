"""Errors of what users do with their own account."""

from autograph_web.accounts.errors import LastAdmin
from autograph_web.infra.errors import DomainError


class PasswordUnchanged(DomainError):
    """The new password is the same as the current one."""

    code, status, default_field = "password_unchanged", 422, "new_password"
    sentence = "Choose a password that's different from your current one."


class EmailUnchanged(DomainError):
    """The new address is the account's current one, possibly in another spelling."""

    code, status, default_field = "email_unchanged", 422, "email"
    sentence = "That's already your email."


class EmailMismatch(DomainError):
    """The text typed as confirmation is not the account's own email."""

    code, status, default_field = "email_mismatch", 422, "confirm_email"
    sentence = "That doesn't match this account's email. Enter it exactly as shown above."


class OnlyAdmin(LastAdmin):
    """The account to be deleted belongs to the only active administrator."""

    code = "only_admin"
    sentence = (
        "You are the only administrator who can sign in. Make someone else an administrator first, "
        "then delete your account."
    )
