"""Network addresses: the one spelling in which they are stored, shown, searched and counted."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

UNKNOWN_ADDRESS = "unknown"
"""What stands in the place of an address that could not be read."""

_MOST = 128  # the longest address with zone, brackets and port is shorter by far
# RFC 7239 section 6: a port is up to five digits, or an obfuscated name.
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?")
_WITH_PORT = re.compile(r"([0-9.]+):(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)")


def canonical_address(text: str) -> str | None:
    """Return the address that `text` names in its canonical spelling (RFC 5952); None if it names none.

    Read are the forms of RFC 7239 section 6 and what proxies write into X-Forwarded-For: with or without
    port, IPv6 with or without brackets, upper case, with a zone. An IPv4-mapped address (RFC 4291 section
    2.5.5.2) is the IPv4 address; a zone means something on its own host alone and is dropped.
    """
    address = parse_address(text)
    return None if address is None else str(address)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that `text` names, as for `canonical_address`."""
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
    """Return what counts as one address: IPv4 whole, IPv6 by its /64, anything else one shared bucket.

    A household or a host is given a whole /64 (RFC 6177), so whoever has one has all its addresses.
    """
    address = parse_address(ip)
    if address is None:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv4Address):
        return str(address)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def is_loopback(text: str) -> bool:
    """Return True if `text` names an address of this machine that nobody else reaches."""
    address = parse_address(text)
    return address is not None and address.is_loopback


def is_private(text: str) -> bool:
    """Return True if `text` names an address that no client on the internet has."""
    address = parse_address(text)
    return address is not None and address.is_private
