"""What the pages say: refusals whose wording differs beside a form, and notices."""

from autograph_web.core.errors import DomainError

# A refusal that belongs to one field says so above the form; the field carries the sentence itself.
CHECK_FIELD = "That didn't go through. Check the field marked below."
TYPE_EMAIL = "Type your email address."
TYPE_PASSWORD = "Type your password."  # noqa: S105  (a sentence)
BROKEN = "Something went wrong on our side. Nothing was changed - try again in a moment."
OFFLINE = "You're offline. We'll reconnect on our own - nothing you typed is lost."
ONLY_HERE = "You're only signed in here."

# `detail` already says how long to wait; a page replaces this beginning with a running clock.
RATE_LIMITED = "rate_limited"
TOO_MANY_TRIES = "Too many tries. You can try again in "

_ON_A_PAGE: dict[str, str] = {
    "invalid_input": "Some of what you typed isn't in a form we can read. Check it and try again.",
    "not_authenticated": "Sign in to continue.",
    "origin_refused": "We couldn't be sure that came from this page. Reload it and try again.",
    "ticket_expired": "That took too long. Sign in once more.",
}

# Codes that arrive without being a refusal: in a flash, or as `?ended=` in the address.
_NOTICES: dict[str, str] = {
    "signed_out": "You're signed out.",
    "1": "You were signed out. Sign in to continue.",
    "all": "You're signed out everywhere. Sign in to continue.",
    "session_ended": "You were signed out. Sign in to continue.",
    "not_authenticated": "Sign in to continue.",
}


def sentence(error: DomainError) -> str:
    """Return what a page says for `error`."""
    return _ON_A_PAGE.get(error.code, error.detail)


def notice(code: str) -> str:
    """Return the notice called `code`, or nothing if there is none: the address bar may say anything."""
    return _NOTICES.get(code, "")
