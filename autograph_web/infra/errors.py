"""Every refusal the product can give: its stable code, HTTP status and sentence, once.

REST shows the sentence as the `detail` of an RFC 9457 problem, the pages show it beside the field.
"""

from typing import ClassVar


class DomainError(Exception):
    """A named refusal that a person or a client can act on.

    `field` names the input at fault, `retry_after` is in whole seconds, `reasons` are further sentences.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "That didn't work. Try again."
    default_field: ClassVar[str | None] = None

    def __init__(
        self, *, field: str | None = None, retry_after: int | None = None, reasons: tuple[str, ...] = ()
    ) -> None:
        super().__init__(self.code)
        self.field = field or self.default_field
        self.retry_after = retry_after
        self.reasons = reasons

    @property
    def detail(self) -> str:
        """The sentence a person reads, with the wait and the reasons filled in."""
        sentence = self.sentence.format(retry_after=self.retry_after or 1)
        return " ".join((sentence, *self.reasons))


class InvalidInput(DomainError):
    """A request that does not have the documented shape."""

    code, status = "invalid_input", 422
    sentence = "Some of what you sent isn't in the expected form."


class InvalidCursor(DomainError):
    """A place in a list that no answer of ours has named."""

    code, status, default_field = "invalid_cursor", 400, "cursor"
    sentence = "That isn't a place in this list. Begin again without a cursor."


class MalformedBody(DomainError):
    """A body that is not acceptable JSON (RFC 8259) or form data."""

    code, status = "malformed_body", 400
    sentence = "The request body can't be read. Send one well-formed JSON object without repeated names."


class BodyTooLarge(DomainError):
    """A body over the limit."""

    code, status = "body_too_large", 413
    sentence = "The request body is too large. 64 KiB is the most we accept."


class BodyTooSlow(DomainError):
    """A body that did not arrive in time (RFC 9110 section 15.5.9)."""

    code, status = "body_too_slow", 408
    sentence = "The request body did not arrive in time. Send it within ten seconds."


class UnsupportedMediaType(DomainError):
    """A body in a media type this route does not take."""

    code, status = "unsupported_media_type", 415
    sentence = "Send the body as application/json (to /token, as a form)."


class NotFound(DomainError):
    """No such page or resource."""

    code, status = "not_found", 404
    sentence = "There is nothing at this address."


class MethodNotAllowed(DomainError):
    """The resource exists but not for this method."""

    code, status = "method_not_allowed", 405
    sentence = "This address doesn't take that method."


class OriginRefused(DomainError):
    """A state-changing request that another site may have forged (ASVS 5.0 V3.5)."""

    code, status = "origin_refused", 403
    sentence = "This request came from another site, so we blocked it. Reload the page and try again."


class CookiesTooLarge(DomainError):
    """A browser that sends more cookies than are read (RFC 6585 section 5)."""

    code, status = "cookies_too_large", 431
    sentence = (
        "Your browser sends more than 16 KiB of cookies for this address, so we can't read them. "
        "Delete this site's cookies, then sign in again."
    )


class Unavailable(DomainError):
    """The database or Redis cannot be reached right now."""

    code, status = "unavailable", 503
    sentence = "We can't do that right now. Nothing was changed - try again in a moment."


class Unfinished(Unavailable):
    """It was written down for good, but Redis could not be told, so it is not yet certain everywhere."""

    code = "unfinished"
    sentence = "It is done, but we can't yet be sure that it is in force everywhere. Try again in a moment."


class Uncertain(Unavailable):
    """The database went away just as it was to keep something for good: nobody can tell whether it did."""

    code = "uncertain"
    sentence = "We can't tell whether that was done. Look before you try again in a moment."


class AccountReady(Unavailable):
    """The account was created; only signing in to it at once did not work."""

    code = "account_ready"
    sentence = "Your account is ready. Sign in in a moment."


class PasswordIsSet(Unavailable):
    """The new password is in force; only what Redis still says of older sign-ins is not certain."""

    code = "password_is_set"
    sentence = (
        "Your new password is set. We can't yet be sure that every older sign-in has ended everywhere: "
        "that takes five minutes at most."
    )


class InternalError(DomainError):
    """A fault of ours; the trace stays in the log."""

    code, status = "internal_error", 500
    sentence = "Something went wrong on our side. Try again in a moment."


class RateLimited(DomainError):
    """Too many tries (RFC 6585 section 4)."""

    code, status = "rate_limited", 429
    sentence = "Too many tries. You can try again in {retry_after} s."


class EmailInvalid(DomainError):
    """Not an email address (RFC 5321, 6531)."""

    code, status, default_field = "email_invalid", 422, "email"
    sentence = "Enter an email address like name@example.com."


class AddressInvalid(DomainError):
    """Not an IP address (RFC 4291, RFC 5952)."""

    code, status, default_field = "address_invalid", 422, "address"
    sentence = "Enter an IP address like 203.0.113.7 or 2001:db8::1."


class EmailTaken(DomainError):
    """The address, compared without regard to case, already has an account."""

    code, status, default_field = "email_taken", 409, "email"
    sentence = "That email already has an account. Sign in instead."


class PasswordTooShort(DomainError):
    """Fewer code points than the configured minimum (NIST SP 800-63B-4 section 3.1.1.2)."""

    code, status, default_field = "password_too_short", 422, "password"
    sentence = "That password is too short."


class PasswordTooLong(DomainError):
    """More than 1024 bytes once encoded as UTF-8."""

    code, status, default_field = "password_too_long", 422, "password"
    sentence = "That password is too long. 1024 bytes is the most we accept."


class PasswordTooCommon(DomainError):
    """On the list of passwords attackers try first, or made of the person's own email."""

    code, status, default_field = "password_too_common", 422, "password"
    sentence = "That password is too easy to guess."


class PasswordTooWeak(DomainError):
    """Estimated as guessable (zxcvbn score below the policy)."""

    code, status, default_field = "password_too_weak", 422, "password"
    sentence = "That password is too easy to guess."


class PasswordUnchanged(DomainError):
    """The new password is the one there is."""

    code, status, default_field = "password_unchanged", 422, "new_password"
    sentence = "That's the password you have. Choose another one."


class InvalidCredentials(DomainError):
    """Wrong password, unknown email or locked account: never said which (ASVS 5.0 V6.3)."""

    code, status = "invalid_credentials", 401
    sentence = "That email and password don't match. Check both and try again."


class EmailNotVerified(DomainError):
    """The password was right, but this server lets nobody in whose address is not verified."""

    code, status = "email_not_verified", 403
    sentence = "Confirm your email first: open the link in the letter we sent you, or ask for a new one."


class EmailUnchanged(DomainError):
    """The new address is the one the account has, perhaps in another spelling."""

    code, status, default_field = "email_unchanged", 422, "email"
    sentence = "That's the address you have."


class WrongPassword(DomainError):
    """Not the password of the person who is signed in."""

    code, status, default_field = "wrong_password", 403, "password"
    sentence = "That isn't your password. Try again."


class NotAuthenticated(DomainError):
    """No usable credential came with the request (RFC 6750 section 3)."""

    code, status = "not_authenticated", 401
    sentence = "Sign in to continue."


class SessionEnded(DomainError):
    """The session was signed out, revoked or has expired."""

    code, status = "session_ended", 401
    sentence = "You were signed out. Sign in to continue."


class InvalidToken(DomainError):
    """A token that is malformed, expired, forged or meant for something else (RFC 6750, 9068)."""

    code, status = "invalid_token", 401
    sentence = "That token isn't valid here. Sign in again to get a new one."


class SessionRequired(DomainError):
    """A call for a person who is signed in, made with an API key."""

    code, status = "session_required", 403
    sentence = "An API key can't do this. Sign in and use an access token."


class ScopeMissing(DomainError):
    """The API key is good, but not for this call (RFC 6750 section 3.1)."""

    code, status = "insufficient_scope", 403
    sentence = "This API key doesn't have the scope that this call takes."


class ApiKeyInvalid(DomainError):
    """No API key of ours."""

    code, status = "api_key_invalid", 401
    sentence = "That API key isn't valid here."


class ApiKeyExpired(DomainError):
    """An API key whose time is over; told only to who has all of it."""

    code, status = "api_key_expired", 401
    sentence = "That API key has expired. Make another one."


class ApiKeyRevoked(DomainError):
    """An API key that was revoked; told only to who has all of it."""

    code, status = "api_key_revoked", 401
    sentence = "That API key was revoked. Make another one."


class TooManyApiKeys(DomainError):
    """The account has as many keys in force as it may."""

    code, status = "too_many_api_keys", 409
    sentence = "You have 25 API keys, which is the most. Revoke one you no longer need."


class ApiKeyNameInvalid(DomainError):
    """Empty, invisible, too long, or with control characters."""

    code, status, default_field = "api_key_name_invalid", 422, "name"
    sentence = "Give the key a name of 1 to 64 characters, on one line."


class ApiKeyExpiryInvalid(DomainError):
    """An end in the past, or too far away."""

    code, status, default_field = "api_key_expiry_invalid", 422, "expires_at"
    sentence = "Choose an end in the future, at most ten years from now, or none."


class ScopeNotAllowed(DomainError):
    """A scope that the owner's role does not carry."""

    code, status, default_field = "scope_not_allowed", 403, "scopes"
    sentence = "The scope admin is for administrators."


class TokenReused(DomainError):
    """A refresh token came a second time; its whole family is dead (RFC 9700 section 4.14.2)."""

    code, status = "token_reused", 401
    sentence = "That refresh token was used before, so this sign-in has been ended. Sign in again."


class TicketExpired(DomainError):
    """The one-use ticket between signing in and the cookie is unknown, used or over 30 s old."""

    code, status = "ticket_expired", 400
    sentence = "That took too long. Sign in once more."


class LinkRefused(DomainError):
    """A one-time link that opens nothing; each kind below says why."""

    status = 400


class LinkUnknown(LinkRefused):
    """No link of this purpose has this token."""

    code = "link_unknown"
    sentence = "We don't know that link. Open the one in our letter once more, or ask for a new one."


class LinkUsed(LinkRefused):
    """The link has done its work."""

    code = "link_used"
    sentence = "That link was already used. Request a new one if you need it."


class LinkReplaced(LinkRefused):
    """A newer link has taken this one's place, or what happened since has made it void."""

    code = "link_replaced"
    sentence = "That link no longer works: a newer one took its place, or your account has changed since."


class LinkExpired(LinkRefused):
    """The link is older than links of its purpose may become."""

    code = "link_expired"
    sentence = "That link is too old. Ask for a new one."


class CodeMalformed(DomainError):
    """Neither six digits nor a recovery code; no try is spent on it."""

    code, status, default_field = "code_malformed", 422, "code"
    sentence = "Enter the six digits from your app, or one of your recovery codes."


class InvalidCode(DomainError):
    """A code that is wrong, too old, or was used before (RFC 6238 section 5.2)."""

    code, status, default_field = "invalid_code", 401, "code"
    sentence = "That code didn't work. Codes change every 30 seconds - enter the newest one."


class CodeOfReplaced(InvalidCode):
    """A code of the authenticator that another has replaced; the reasons tell which entry is good."""

    sentence = "That code is of an authenticator you have replaced."


class SetupCodeInvalid(DomainError):
    """A wrong code while turning two-step verification on."""

    code, status, default_field = "setup_code_invalid", 400, "code"
    sentence = "That code didn't work. Codes change every 30 seconds - enter the newest one."


class AuthenticatorClockWrong(SetupCodeInvalid):
    """A code of the right key for another time, while turning two-step verification on."""

    code = "authenticator_clock_wrong"
    sentence = "That code is for another time."

    @classmethod
    def by(cls, seconds: int) -> "AuthenticatorClockWrong":
        """Return the refusal of a code whose time is `seconds` from ours."""
        minutes = max(1, round(abs(seconds) / 60))
        about = f"about {minutes} minute{'s' if minutes > 1 else ''}"
        told = f"Your phone's clock and ours differ by {about}. Set the phone's time automatically."
        return cls(reasons=(told,))


class SetupCodeOfOther(SetupCodeInvalid):
    """A code of the authenticator that is about to be replaced; the reasons tell which entry is asked for."""

    sentence = "That code is of the authenticator you are replacing."


class ChallengeExpired(DomainError):
    """No password step of the last five minutes stands behind the code."""

    code, status = "challenge_expired", 401
    sentence = "That took too long. Sign in once more."


class NoPendingSetup(DomainError):
    """Nothing to turn on: the setup was not begun, or it was abandoned for another."""

    code, status = "no_pending_setup", 400
    sentence = "Start the setup again: there is no new key to confirm."


class MfaNotEnabled(DomainError):
    """Two-step verification is off, so there is nothing to change about it."""

    code, status = "mfa_not_enabled", 400
    sentence = "Two-step verification is off."


class ReauthenticationRequired(DomainError):
    """The sign-in is too old, or too weak, for a change of how one signs in (ASVS 5.0 V7.5)."""

    code, status = "reauthentication_required", 403
    sentence = "Confirm that it's you first: it has been a while since you signed in."


class EmailMismatch(DomainError):
    """What was typed to confirm is not the account's own email."""

    code, status, default_field = "email_mismatch", 422, "confirm_email"
    sentence = "That isn't the email of this account. Type it as it stands above."


class EndpointDisabled(DomainError):
    """An endpoint the operator has switched off."""

    code, status = "endpoint_disabled", 404
    sentence = "This endpoint is switched off here."


class AccountUnknown(DomainError):
    """No account has this address or id; said to operators alone."""

    code, status = "account_unknown", 404
    sentence = "There is no such account."


class RegistrationClosed(DomainError):
    """The operator lets nobody create an account for now."""

    code, status = "registration_closed", 403
    sentence = "New accounts can't be created here right now. If you need one, ask whoever runs this server."


class FlagUnknown(DomainError):
    """No feature flag has this name."""

    code, status, default_field = "flag_unknown", 404, "name"
    sentence = "There is no such flag."


class FlagValueInvalid(DomainError):
    """A word that the flag does not know; the reasons tell those it does."""

    code, status, default_field = "flag_value_invalid", 422, "value"
    sentence = "That flag doesn't know this value."


class FlagShareInvalid(DomainError):
    """No share of the accounts, or a flag that decides before there is an account."""

    code, status, default_field = "flag_share_invalid", 422, "percent"
    sentence = (
        "Give a whole number from 0 to 100; a flag that doesn't look at accounts is for everybody (100)."
    )


class NotAdmin(DomainError):
    """A page or a call for administrators; the answer is the same whatever it asks for."""

    code, status = "not_admin", 403
    sentence = "This is for administrators."


class OwnAccount(DomainError):
    """A change that an administrator would make to nobody but themselves, by mistake."""

    code, status = "own_account", 409
    sentence = "That's your own account. Another administrator can do this for you."


class LastAdmin(DomainError):
    """The only administrator who can sign in must stay one."""

    code, status = "last_admin", 409
    sentence = "That is the only administrator who can sign in. Make somebody else one first."


class OnlyAdmin(LastAdmin):
    """Whoever wants to leave is that administrator."""

    code = "only_admin"
    sentence = (
        "You are the only administrator who can sign in. Make somebody else an administrator first, "
        "then delete your account."
    )


def error_kinds() -> dict[str, type[DomainError]]:
    """Return every kind of refusal by its code; what merely refines another has no code of its own."""
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return {kind.code: kind for kind in kinds if "code" in vars(kind)}
