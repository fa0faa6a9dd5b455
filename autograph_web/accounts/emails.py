"""Email addresses: which are acceptable, and when two are the same."""

from dataclasses import dataclass
from unicodedata import normalize

import email_validator
from email_validator import EmailNotValidError, validate_email

from autograph_web.core.errors import EmailInvalid

# Intranets use it (RFC 6762 appendix G), and the library offers no other way to take it.
if "local" in email_validator.SPECIAL_USE_DOMAIN_NAMES:
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("local")
_LONGEST = 320  # RFC 5321: 64 octets of local part, the @, 255 of domain


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as written and, in `key`, as compared."""

    text: str
    key: str


def parse_email(text: str) -> EmailAddress:
    """Return the address in `text`.

    Intranet names such as `home.local` are fine: people who self-host use them. No mail is sent to find out.

    Raises:
        EmailInvalid: It is not an address (RFC 5321, 6531).
    """
    if len(text) > _LONGEST:
        raise EmailInvalid
    try:
        valid = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False)
    except (EmailNotValidError, UnicodeError):
        raise EmailInvalid from None
    if "." not in valid.domain or len(valid.normalized) > _LONGEST:
        raise EmailInvalid
    return EmailAddress(valid.normalized, fold_email(valid.normalized))


def fold_email(text: str) -> str:
    """Return `text` folded for comparison: compatibility forms and letter case count for nothing."""
    # PostgreSQL takes no NUL in text, and what somebody signs in with may be anything.
    text = text.strip().replace("\0", "\ufffd")
    return normalize("NFKC", normalize("NFKC", text).casefold())[:_LONGEST]
