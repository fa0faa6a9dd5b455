"""Errors of what users do with their own account."""

from autograph_web.accounts.errors import LastAdmin
from autograph_web.infra.errors import DomainError


class PasswordUnchanged(DomainError):
    """The new password is the same as the current one."""

    code, status, default_field = "password_unchanged", 422, "new_password"
    sentence = "That's the password you have. Choose another one."


class EmailUnchanged(DomainError):
    """The new address is the account's current one, possibly in another spelling."""

    code, status, default_field = "email_unchanged", 422, "email"
    sentence = "That's the address you have."


class EmailMismatch(DomainError):
    """The text typed as confirmation is not the account's own email."""

    code, status, default_field = "email_mismatch", 422, "confirm_email"
    sentence = "That isn't the email of this account. Type it as it stands above."


class OnlyAdmin(LastAdmin):
    """The account to be deleted belongs to the only active administrator."""

    code = "only_admin"
    sentence = (
        "You are the only administrator who can sign in. Make somebody else an administrator first, "
        "then delete your account."
    )
