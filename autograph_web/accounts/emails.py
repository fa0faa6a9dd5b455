"""Email addresses: which are acceptable, and when two are the same."""

from dataclasses import dataclass
from unicodedata import normalize

import email_validator
import idna
from email_validator import EmailNotValidError, validate_email

from autograph_web.core.errors import EmailInvalid

# Intranets use it (RFC 6762 appendix G), and the library offers no other way to take it.
if "local" in email_validator.SPECIAL_USE_DOMAIN_NAMES:
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("local")
_LONGEST_DOMAIN = 255
_LONGEST = 64 + 1 + _LONGEST_DOMAIN  # RFC 5321 section 4.5.3.1: local part, @ and domain, in octets


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
    key = fold_email(valid.normalized)
    # Folding can lengthen; a key that had to be cut could be that of another address too.
    if "." not in valid.domain or len(key) >= _LONGEST:
        raise EmailInvalid
    return EmailAddress(valid.normalized, key)


def fold_email(text: str) -> str:
    """Return `text` folded for comparison: compatibility forms and letter case count for nothing."""
    # PostgreSQL takes no NUL in text, and what somebody signs in with may be anything.
    local, at, domain = text.strip().replace("\0", "\ufffd").rpartition("@")
    text = f"{local}{at}{_readable(domain)}"
    return normalize("NFKC", normalize("NFKC", text).casefold())[:_LONGEST]


def _readable(domain: str) -> str:
    """Return a domain as `parse_email` spells it: `xn--bcher-kva.de` is `bücher.de` (RFC 5891, UTS 46)."""
    plain = domain.isascii() and "xn--" not in domain.lower()
    if plain or len(domain) > _LONGEST_DOMAIN:
        return domain
    try:
        return idna.decode(domain, uts46=True)
    except UnicodeError:
        return domain
