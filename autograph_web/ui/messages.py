"""The messages of the pages: errors whose wording differs beside a form, and notices."""

from autograph_web.infra.errors import DomainError

# Shown above the form when an error belongs to one field; the field itself carries the sentence.
CHECK_FIELD = "Check the highlighted field and try again."
PROMPTS = {
    "email": "Enter your email.",
    "password": "Enter your password.",
    "code": "Enter the code.",
    "current_password": "Enter your current password.",
    "new_password": "Enter a new password.",
    "confirm_email": "Enter your email to confirm.",
    "name": "Name this key.",
    "scopes": "Select at least one permission.",
    "percent": "Enter a percentage from 0 to 100.",
}
"""The messages beside an empty field; only these fields can carry an error."""

WRONG_RECOVERY_CODE = "That recovery code didn't work. Each code works only once. Check it or use another."
SIX_DIGITS = "Enter the 6-digit code from your authenticator app."
OFFLINE = "You're offline. We'll reconnect automatically, and nothing you've entered will be lost."
# What session.js shows when the page cannot work normally, by the cause it detected.
TROUBLES = {
    "blocked": (
        "Live updates are blocked, probably by a proxy or firewall that doesn't pass WebSockets. Forms with "
        "a password still work, and so does signing out. Ask your network administrator to allow WebSockets "
        "for this site."
    ),
    "away": "Part of the service is unavailable right now. This page will continue automatically.",
    "silent": "There's no answer yet. You can try again. Nothing you've entered is lost.",
    "back": "The connection is back. What you did last may be lost: check, then try again if it is.",
    "cookies": (
        "Your browser blocks cookies for this site. Signing in needs them: allow cookies for this site, then "
        "reload the page."
    ),
}
DEVICE_SIGNED_OUT = "Device signed out."
OTHERS_SIGNED_OUT = "All other devices are signed out."
ONLY_HERE = "You're not signed in anywhere else."

# The element above a form with its error; it gets the focus when no field has the error.
ALERT_ID = "form-alert"

# Followed by a countdown.
RATE_LIMITED = "rate_limited"
TOO_MANY_ATTEMPTS = "Too many attempts. Try again in "

_ON_A_PAGE: dict[str, str] = {
    "invalid_input": "Something you entered isn't valid. Check the form and try again.",
    "not_authenticated": "Sign in to continue.",
    "cookies_too_large": "Your browser sends too many cookies. Delete this site's, then sign in again.",
    "origin_refused": "We couldn't verify that request. Reload the page and try again.",
    "ticket_expired": "That took too long. Sign in again.",
    "not_found": "That's already gone. We've refreshed the list.",
}

# Codes in a flash that are not errors.
_NOTICES: dict[str, str] = {
    "code_wanted": "Password accepted. Now enter your code below.",
    "verification_sent": "If that email still needs verifying, we've sent a link.",
    "email_verified": "Your email is verified.",
    "email_reclaimed": (
        "Your email is verified, and anything someone else knew or set up no longer gives access to your "
        "account. Now choose a password."
    ),
    # One for each purpose of a link, for a link that is opened after it was used.
    "email_verification_done": "Your email is already verified.",
    "email_change_done": "That link was already used, and your email was changed. You're all set.",
    "email_change_undo_done": (
        "That link was already used. Your email was restored, and all devices were signed out."
    ),
    "password_reset_done": "That link was already used to set a new password. Sign in with that password.",
    "sign_in_refusal_done": "That link was already used. All devices were signed out.",
    "email_change_sent": "We've sent a link to your new email. Nothing changes until you open it.",
    "email_changed": "Your email was changed. Use the new one to sign in from now on.",
    "email_change_undone": (
        "Your email has been restored and all devices are signed out. Now choose a new password."
    ),
    "password_reset_sent": "If there's an account for that email, we've sent a link.",
    "sign_in_refused": (
        "All devices are signed out. Someone may know your password, so choose a new one now."
    ),
    "password_reset": "Your password has been changed. Sign in with your new password.",
    "api_key_gone": "API key revoked.",
    "signed_out": "You're signed out.",
    "device_signed_out": DEVICE_SIGNED_OUT,
    "others_signed_out": OTHERS_SIGNED_OUT,
    "cookies_missing": TROUBLES["cookies"],
    "account_deleted": "Your account and its data have been deleted.",
    "logout_all": "You're signed out everywhere. Sign in to continue.",
    "session_ended": "You were signed out. Sign in to continue.",
    "not_authenticated": "Sign in to continue.",
}


def sentence(error: DomainError) -> str:
    """Return the message of a page for `error`."""
    if error.code == RATE_LIMITED:
        return f"{TOO_MANY_ATTEMPTS}{spoken_wait(error.retry_after or 1)}."
    return _ON_A_PAGE.get(error.code, error.detail)


def without_clock(kind: type[DomainError]) -> str:
    """Return the message for an error of which only its class `kind` is known."""
    if kind.code == RATE_LIMITED:
        return "Too many attempts. Wait a few minutes, then try again."
    return _ON_A_PAGE.get(kind.code, kind.sentence)


def clock_wait(seconds: int) -> str:
    """Return a wait in the format in which session.js counts it down: "0:29", "14:05"."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02}"


def spoken_wait(seconds: int) -> str:
    """Return a wait for a sentence: "29 seconds", "15 minutes", "1 minute 5 seconds"."""
    parts = zip(("minute", "second"), divmod(seconds, 60), strict=True)
    return " ".join(f"{count} {unit}" if count == 1 else f"{count} {unit}s" for unit, count in parts if count)


def notice(code: str) -> str:
    """Return the notice called `code`, or an empty string: the code may come from the URL."""
    return _NOTICES.get(code, "")


def with_removed(words: str, removed: str) -> str:
    """Return a notice that also lists what was `removed`, which may be empty."""
    return f"{words} We also removed: {removed}." if words and removed else words
