"""The messages of the pages: errors whose wording differs beside a form, and notices."""

from autograph_web.infra.errors import DomainError

# Shown above the form when an error belongs to one field; the field itself carries the sentence.
CHECK_FIELD = "That didn't go through. Check the field marked below."
PROMPTS = {
    "email": "Type your email address.",
    "password": "Type your password.",
    "code": "Type the code.",
    "current_password": "Type the password you have now.",
    "new_password": "Type your new password.",
    "confirm_email": "Type your email to confirm.",
    "name": "Give the key a name.",
    "scopes": "Choose what the key may do.",
    "percent": "Type a share of the accounts, 0 to 100.",
}
"""The messages beside an empty field; only these fields can carry an error."""

WRONG_RECOVERY_CODE = "That recovery code didn't work. Each works once - check it, or use another."
SIX_DIGITS = "Enter the six digits your app shows."
OFFLINE = "You're offline. We'll reconnect on our own - nothing you typed is lost."
# What session.js shows when the page cannot work normally, by the cause it detected.
TROUBLES = {
    "blocked": (
        "Live updates are blocked, probably by a proxy or firewall that doesn't pass WebSockets. Forms with "
        "a password still work, and so does signing out. Ask whoever runs your network to allow WebSockets "
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
DEVICE_SIGNED_OUT = "That device is signed out."
OTHERS_SIGNED_OUT = "Every other device is signed out."
ONLY_HERE = "You're only signed in here."

# The element above a form with its error; it gets the focus when no field has the error.
ALERT_ID = "form-alert"

# Followed by a countdown.
RATE_LIMITED = "rate_limited"
TOO_MANY_TRIES = "Too many tries. You can try again in "

_ON_A_PAGE: dict[str, str] = {
    "invalid_input": "Some of what you typed isn't in a form we can read. Check it and try again.",
    "not_authenticated": "Sign in to continue.",
    "cookies_too_large": "Your browser sends too many cookies. Delete this site's, then sign in again.",
    "origin_refused": "We couldn't be sure that came from this page. Reload it and try again.",
    "ticket_expired": "That took too long. Sign in once more.",
    "not_found": "That's gone already. This list is up to date now.",
}

# Codes in a flash that are not errors.
_NOTICES: dict[str, str] = {
    "code_wanted": "That's your password. Now send the code, further down on this page.",
    "verification_sent": "If that email still needs it, a link is on its way.",
    "email_verified": "Your email is verified.",
    "email_reclaimed": (
        "Your email is verified, and what others knew or set up no longer opens your account. "
        "Now choose a password."
    ),
    # One for each purpose of a link, for a link that is opened after it was used.
    "email_verification_done": "Your email is verified already.",
    "email_change_done": "That link did its work: it changed your email. There is nothing left to do.",
    "email_change_undo_done": "That link did its work: your old email is back, all devices were signed out.",
    "password_reset_done": "That link did its work: it set a new password. Sign in with that.",
    "sign_in_refusal_done": "That link did its work: it signed everybody out.",
    "email_change_sent": "A link is on its way to your new email. Nothing changes before you open it.",
    "email_changed": "Your email was changed. Use the new one to sign in from now on.",
    "email_change_undone": "Your old email is back and everybody is signed out. Now choose a new password.",
    "password_reset_sent": "If that email has an account, a link is on its way.",
    "sign_in_refused": "Everybody is signed out. Whoever it was knows your password: choose a new one.",
    "password_reset": "Your new password is set. Sign in with it.",
    "api_key_gone": "The API key was revoked. It opens nothing any more.",
    "signed_out": "You're signed out.",
    "device_signed_out": DEVICE_SIGNED_OUT,
    "others_signed_out": OTHERS_SIGNED_OUT,
    "cookies_missing": TROUBLES["cookies"],
    "account_deleted": "Your account was deleted, with everything in it.",
    "logout_all": "You're signed out everywhere. Sign in to continue.",
    "session_ended": "You were signed out. Sign in to continue.",
    "not_authenticated": "Sign in to continue.",
}


def sentence(error: DomainError) -> str:
    """Return the message of a page for `error`."""
    if error.code == RATE_LIMITED:
        return f"{TOO_MANY_TRIES}{wait(error.retry_after or 1)}."
    return _ON_A_PAGE.get(error.code, error.detail)


def without_clock(kind: type[DomainError]) -> str:
    """Return the message for an error of which only its class `kind` is known."""
    if kind.code == RATE_LIMITED:
        return "Too many tries. Wait a few minutes, then try again."
    return _ON_A_PAGE.get(kind.code, kind.sentence)


def wait(seconds: int) -> str:
    """Return a wait as text, in the format in which session.js counts it down: "29 s", "14 min 5 s"."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def notice(code: str) -> str:
    """Return the notice called `code`, or an empty string: the code may come from the URL."""
    return _NOTICES.get(code, "")


def with_removed(words: str, removed: str) -> str:
    """Return a notice that also lists what was `removed`, which may be empty."""
    return f"{words} We also removed: {removed}." if words and removed else words
