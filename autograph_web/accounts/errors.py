"""Errors about accounts, passwords, email addresses and one-time links."""

from autograph_web.infra.errors import DomainError, Unavailable


class AccountReady(Unavailable):
    """The account was created; only the subsequent sign-in failed."""

    code = "account_ready"
    sentence = "Your account is ready. Wait a moment, then sign in."


class EmailInvalid(DomainError):
    """Not an email address (RFC 5321, 6531)."""

    code, status, default_field = "email_invalid", 422, "email"
    sentence = "Enter a valid email address, like name@example.com."


class EmailTaken(DomainError):
    """An account with this normalized address exists."""

    code, status, default_field = "email_taken", 409, "email"
    sentence = "There's already an account with that email. Sign in instead."


class PasswordTooShort(DomainError):
    """Fewer code points than the configured minimum (NIST SP 800-63B-4 section 3.1.1.2)."""

    code, status, default_field = "password_too_short", 422, "password"
    sentence = "That password is too short."


class PasswordTooLong(DomainError):
    """More than 1024 bytes once encoded as UTF-8."""

    code, status, default_field = "password_too_long", 422, "password"
    sentence = "That password is too long. The limit is 1,024 bytes."


class PasswordTooCommon(DomainError):
    """In the list of passwords that attackers try first, or derived from the user's own email."""

    code, status, default_field = "password_too_common", 422, "password"
    sentence = "That password is too easy to guess."


class PasswordTooWeak(DomainError):
    """Estimated as guessable (zxcvbn score below the policy)."""

    code, status, default_field = "password_too_weak", 422, "password"
    sentence = "That password is too easy to guess."


class WrongPassword(DomainError):
    """Not the password of the signed-in user."""

    code, status, default_field = "wrong_password", 403, "password"
    sentence = "Wrong password. Try again."


class SessionEnded(DomainError):
    """The session was signed out, revoked or has expired."""

    code, status = "session_ended", 401
    sentence = "You were signed out. Sign in to continue."


class LinkRefused(DomainError):
    """A one-time link that was rejected; each subclass gives the reason."""

    status = 400


class LinkUnknown(LinkRefused):
    """No link of this purpose has this token."""

    code = "link_unknown"
    sentence = "That link isn't valid. Open it again from our email, or request a new one."


class LinkUsed(LinkRefused):
    """The link was already used."""

    code = "link_used"
    sentence = "That link was already used. Request a new one if you need it."


class LinkReplaced(LinkRefused):
    """A newer link replaced this one, or a later change of the account invalidated it."""

    code = "link_replaced"
    sentence = "That link no longer works. It was replaced by a newer one, or your account has changed since."


class LinkExpired(LinkRefused):
    """The link is older than the lifetime of its purpose."""

    code = "link_expired"
    sentence = "That link has expired. Request a new one."


class RegistrationClosed(DomainError):
    """The operator has disabled self-registration."""

    code, status = "registration_closed", 403
    sentence = "Registration is closed. If you need an account, contact an administrator."


class LastAdmin(DomainError):
    """The only administrator who can sign in must remain one."""

    code, status = "last_admin", 409
    sentence = "This is the only administrator who can sign in. Make someone else an administrator first."
