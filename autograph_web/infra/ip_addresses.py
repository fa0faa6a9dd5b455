"""Network addresses: the canonical form in which they are stored, displayed, searched and counted."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

UNKNOWN_ADDRESS = "unknown"
"""Placeholder for an address that could not be determined."""

_MOST = 128  # longer than any address with zone, brackets and port
# RFC 7239 section 6: a port is up to five digits, or an obfuscated name.
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?")
_WITH_PORT = re.compile(r"([0-9.]+):(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)")


def canonical_address(text: str) -> str | None:
    """Return the address in `text` in canonical form (RFC 5952), or None if it is not an address.

    Accepts the forms of RFC 7239 section 6 and those that proxies write into X-Forwarded-For: with or without
    port, IPv6 with or without brackets, upper case, with a zone. An IPv4-mapped address (RFC 4291 section
    2.5.5.2) is converted to IPv4; a zone is only meaningful on its own host and is dropped.
    """
    address = parse_address(text)
    return None if address is None else str(address)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `text`, as for `canonical_address`."""
    if len(text) > _MOST or not text.isascii():
        return None
    text = text.strip(" \t")
    if bare := _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text):
        text = bare[1]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def address_bucket(ip: str) -> str:
    """Return the rate limit key of an address: IPv4 whole, IPv6 by its /64, one shared key for anything else.

    A household or a host is assigned a whole /64 (RFC 6177), so one client controls all its addresses.
    """
    address = parse_address(ip)
    if address is None:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv4Address):
        return str(address)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def is_loopback(text: str) -> bool:
    """Return True if `text` is a loopback address."""
    address = parse_address(text)
    return address is not None and address.is_loopback


def is_private(text: str) -> bool:
    """Return True if `text` is an address that no client on the internet has (private or reserved)."""
    address = parse_address(text)
    return address is not None and address.is_private
