"""Email addresses in the form used by SMTP."""

import re
from email.headerregistry import Address
from email.utils import getaddresses

import idna

RESERVED_DOMAINS = frozenset({"arpa", "invalid", "localhost", "onion", "test"})
"""Domains without email (RFC 2606, 6761, 7686, 8375): rejected unless an operator allows them.

Not "local", which intranets use (RFC 6762 appendix G).
"""

_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Fa-f0-9IPv6:.]+\]")


class UnusableAddress(ValueError):
    """No email can be sent to this address; the message does not contain it."""

    def __init__(self) -> None:
        super().__init__("must be an address such as AutoGraph <no-reply@example.com>")


def wire_address(text: str, name: str = "") -> Address:
    """Return an address with its domain in ASCII (A-labels, RFC 5891); only the local part may be non-ASCII.

    Raises:
        UnusableAddress: It is not a plain address, or contains more than one.
    """
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
        if not _LOCAL.fullmatch(local) or not local.isprintable() or not _DOMAIN.fullmatch(ascii_domain):
            raise UnusableAddress
        return Address(display_name=name, username=local, domain=ascii_domain)
    except UnicodeError:
        raise UnusableAddress from None


def sender_address(text: str) -> Address:
    """Return the mailbox in a setting such as `AutoGraph <no-reply@example.com>`.

    Raises:
        UnusableAddress: The setting is not a mailbox.
    """
    found = getaddresses([text])
    if len(found) != 1 or not text.isprintable():
        raise UnusableAddress
    [(name, address)] = found
    return wire_address(address, name)
