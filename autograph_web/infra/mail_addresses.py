"""Addresses as they go over the wire."""

import re
from email.headerregistry import Address
from email.utils import getaddresses

import idna

RESERVED_DOMAINS = frozenset({"arpa", "invalid", "localhost", "onion", "test"})
"""Names for which there is no mail (RFC 2606, 6761, 7686, 8375): refused unless an operator allows them.

Not "local", which intranets use (RFC 6762 appendix G).
"""

_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Fa-f0-9IPv6:.]+\]")


class UnusableAddress(ValueError):
    """No letter can be addressed so; the address itself is not repeated."""

    def __init__(self) -> None:
        super().__init__("must be an address such as AutoGraph <no-reply@example.com>")


def wire_address(text: str, name: str = "") -> Address:
    """Return an address with its domain in ASCII (A-labels, RFC 5891); only the local part may be otherwise.

    Raises:
        UnusableAddress: It is no plain address, or would say more than one.
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
    """Return the mailbox of a setting such as `AutoGraph <no-reply@example.com>`.

    Raises:
        UnusableAddress: It is none.
    """
    found = getaddresses([text])
    if len(found) != 1 or not text.isprintable():
        raise UnusableAddress
    [(name, address)] = found
    return wire_address(address, name)
