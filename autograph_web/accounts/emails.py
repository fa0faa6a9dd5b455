"""Email addresses: syntax, normalization and comparison."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize
from urllib.parse import unquote

import email_validator
import idna
from email_validator import EmailNotValidError, validate_email

from autograph_web.accounts.errors import EmailInvalid
from autograph_web.infra.mail_addresses import RESERVED_DOMAINS

# Invisible characters that come with text copied from pages and emails; joiners within a word are kept.
_INVISIBLE = dict.fromkeys(
    (0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)
_JOINERS = "\u200c\u200d"
_NAMED = re.compile(r"[^<>]*<([^<>@]+@[^<>@]+)>[\s,;.]*")
_SCHEME = re.compile(r"mailto:", re.IGNORECASE)
_LONGEST_DOMAIN = 255
_LONGEST = 64 + 1 + _LONGEST_DOMAIN  # RFC 5321 section 4.5.3.1: local part, @ and domain, in octets
_LONGEST_TYPED = 1024  # input as typed or pasted, including any text around the address (characters)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address in its one stored form, used for display and delivery, and in `key` as compared."""

    text: str
    key: str


def read_email(text: str) -> str:
    """Return the address in `text` without what copying and mail programs put around it.

    That is white space, invisible characters, `mailto:` with its escapes and fields (RFC 6068), and a display
    name with the address in angle brackets (RFC 5322 section 3.4). Compatibility forms such as full-width
    letters are replaced by NFKC. Every interface parses addresses this way; whether the result is an address
    is not checked.
    """
    text = normalize("NFKC", text)
    text = text.translate(_INVISIBLE).strip().strip(_JOINERS).strip()
    if mailto := _SCHEME.match(text):
        text = normalize("NFKC", unquote(text[mailto.end() :].partition("?")[0]))
        text = text.translate(_INVISIBLE).strip()
    if named := _NAMED.fullmatch(text):
        text = named[1].strip()
        return read_email(text) if _SCHEME.match(text) else text
    return text


def parse_email(text: str, allowed: Collection[str] = ()) -> EmailAddress:
    """Return the address in `text`.

    Intranet names such as `home.local` are accepted, as self-hosted installations use them. No mail is sent.

    Args:
        text: The input as typed or pasted.
        allowed: Domains from `RESERVED_DOMAINS` that are accepted as well, including their subdomains.

    Raises:
        EmailInvalid: It is not an address (RFC 5321, 6531).
    """
    _refuse_no_names()
    text = read_email(text[:_LONGEST_TYPED])
    if len(text) > _LONGEST:
        raise EmailInvalid
    try:
        valid = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except (EmailNotValidError, UnicodeError):
        raise EmailInvalid from None
    key, domain = normalize_email(valid.normalized), valid.ascii_domain.lower()
    is_allowed = _is_below(domain, allowed)
    if not is_allowed and ("." not in domain or _is_below(domain, RESERVED_DOMAINS)):
        raise EmailInvalid
    # Normalization can lengthen; a truncated key could equal that of another address.
    if len(key) >= _LONGEST:
        raise EmailInvalid
    return EmailAddress(valid.normalized, key)


def normalize_email(text: str) -> str:
    """Return `text` normalized for comparison: compatibility forms and letter case are ignored.

    Applied letter by letter: full case folding, which maps `ß` to `ss`, would give one mailbox the key of
    another.
    """
    # PostgreSQL rejects NUL in text, and sign-in input may contain any character.
    local, at, domain = read_email(text[:_LONGEST_TYPED]).replace("\0", "\ufffd").rpartition("@")
    text = f"{local}{at}{_readable(domain)}"
    lowered = "".join(letter.lower() for letter in normalize("NFKC", text))
    return normalize("NFKC", lowered)[:_LONGEST]


@cache
def _refuse_no_names() -> None:
    """Disable the library's own global list of reserved names; `parse_email` checks them instead."""
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def _is_below(domain: str, names: Collection[str]) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in names)


def _readable(domain: str) -> str:
    """Return a domain in the form of `parse_email`: `xn--bcher-kva.de` is `bücher.de` (RFC 5891, UTS 46)."""
    plain = domain.isascii() and "xn--" not in domain.lower()
    if plain or len(domain) > _LONGEST_DOMAIN:
        return domain
    try:
        return idna.decode(domain, uts46=True)
    except UnicodeError:
        return domain
