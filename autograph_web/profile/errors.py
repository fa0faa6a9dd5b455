"""Refusals of what people do with their own account."""

from autograph_web.accounts.errors import LastAdmin
from autograph_web.infra.errors import DomainError


class PasswordUnchanged(DomainError):
    """The new password is the one there is."""

    code, status, default_field = "password_unchanged", 422, "new_password"
    sentence = "That's the password you have. Choose another one."


class EmailUnchanged(DomainError):
    """The new address is the one the account has, perhaps in another spelling."""

    code, status, default_field = "email_unchanged", 422, "email"
    sentence = "That's the address you have."


class EmailMismatch(DomainError):
    """What was typed to confirm is not the account's own email."""

    code, status, default_field = "email_mismatch", 422, "confirm_email"
    sentence = "That isn't the email of this account. Type it as it stands above."


class OnlyAdmin(LastAdmin):
    """Whoever wants to leave is that administrator."""

    code = "only_admin"
    sentence = (
        "You are the only administrator who can sign in. Make somebody else an administrator first, "
        "then delete your account."
    )
