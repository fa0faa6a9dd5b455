"""Parsing of settings, mainly URLs: accepted as a whole, or rejected with one line without passwords."""

import unicodedata
from collections.abc import Collection
from urllib.parse import SplitResult, parse_qsl, urlsplit

_ENCODE = "has a / ? # or @ that must be percent-encoded (%2F %3F %23 %40), for example in a password"


_QUOTES = frozenset("\"'`“”‘’«»„")
# Control, format (including the byte order mark), surrogate (bytes that are not UTF-8), line and paragraph.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def plain(value: str, quoted_inside: bool = False) -> str:
    """Return a value without surrounding white space.

    Args:
        value: The value of a setting.
        quoted_inside: Whether part of it may be in quotation marks, such as a display name before an address.

    Raises:
        ValueError: It is in quotation marks, or contains an invisible character.
    """
    value = value.strip()
    if any(unicodedata.category(letter) in _INVISIBLE for letter in value):
        raise ValueError("has an invisible character, such as a line break or a byte order mark")
    first, last = value[:1] in _QUOTES, value[-1:] in _QUOTES
    if (first and last) or ((first or last) and not quoted_inside):
        raise ValueError("is in quotation marks: remove them")
    return value


def check_sqlite_url(url: str) -> None:
    """Reject an SQLite URL that is more than a file name.

    Raises:
        ValueError: It has a host or options, which would be ignored.
    """
    parts = split_address(url)
    if parts.netloc or parts.query or not parts.path.strip("/"):
        raise ValueError("must look like sqlite:////folder/file, without host or options")


def split_address(url: str, *, several: bool = False) -> SplitResult:
    """Return the parts of `url`, with a valid port; with `several` hosts the caller must check the ports.

    Raises:
        ValueError: It is invalid, or the end of the password is ambiguous (RFC 3986 section 3.2).
        ValueError: It cannot be read, or only by guessing where the password ends (RFC 3986 section 3.2).
    """
    rest = url.partition("//")[2]
    authority = rest
    for mark in "/?#":
        authority = authority.partition(mark)[0]
    if "@" in rest[len(authority) :]:
        raise ValueError(_ENCODE)
    try:
        parts = urlsplit(url)
        if not (several and "," in parts.netloc):
            _ = parts.port
    except ValueError:
        raise ValueError("is not a valid address: check host, port and brackets") from None
    if parts.fragment:
        raise ValueError(_ENCODE)
    return parts


def options_of(parts: SplitResult, known: Collection[str]) -> dict[str, str]:
    """Return the query options, percent-decoded.

    Args:
        parts: A URL returned by `split_address`.
        known: The allowed options.

    Raises:
        ValueError: An option is unknown, given twice, or has no value.
    """
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    if len(options) != len(pairs):
        raise ValueError("has a duplicate option")
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"has an unknown option {_shown(name)}; available: {', '.join(known)}")
        if not value:
            raise ValueError(f"has option {name} without a value")
    return options


def one_of(options: dict[str, str], name: str, *allowed: str) -> str | None:
    """Return the value of an option, or None if it was not given.

    Raises:
        ValueError: It is none of `allowed`.
    """
    value = options.get(name)
    if value is not None and value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}")
    return value


def _shown(name: str) -> str:
    """Return the name of an option if it is safe to display."""
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalpha() and len(name) <= 40 else "of that name"
