"""Determines the client address: of the connection, or as reported by trusted proxies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograph_web.infra.ip_addresses import UNKNOWN_ADDRESS, canonical_address

_MOST_LETTERS = 2048  # characters; clients may write the header, so only its end is read
_MOST_ESCAPES = 64  # no valid address contains any


@dataclass(frozen=True, slots=True)
class Client:
    """An address in canonical form, or `UNKNOWN_ADDRESS` and the reason why it could not be determined."""

    ip: str
    trouble: str = ""


def client_of(peer: str, lines: Sequence[str], hops: int, header: str = "x-forwarded-for") -> Client:
    """Return the client's address.

    A forwarding header is controlled by the client except for its last `hops` entries, each added by a
    trusted proxy; so the entry `hops` from the right is used, and none if there are fewer.

    Args:
        peer: The address of the connection's peer; it is used if no proxy is trusted.
        lines: The header's lines in their order (RFC 9110 section 5.3: one list, wherever it is split).
        hops: The number of trusted proxies.
        header: `x-forwarded-for` or `forwarded` (RFC 7239), whichever those proxies write.
    """
    if not hops:
        return _client(peer, "the connection has no address")
    if not lines:
        return Client(UNKNOWN_ADDRESS, "the header is missing")
    entries = _entries(lines, header)
    if len(entries) < hops:
        return Client(UNKNOWN_ADDRESS, "the header has fewer entries than there are trusted proxies")
    return _client(entries[-hops], "the entry is no IP address")


def _client(text: str, trouble: str) -> Client:
    address = canonical_address(text)
    return Client(UNKNOWN_ADDRESS, trouble) if address is None else Client(address)


def _entries(lines: Sequence[str], header: str) -> list[str]:
    whole = ",".join(lines)[-_MOST_LETTERS:]
    if header != "forwarded":
        return [entry.strip(" \t").strip('"') for entry in whole.split(",")]
    return [_node(element) for element in _split(whole, ",")]


def _split(text: str, mark: str) -> list[str]:
    """Return the parts of `text` between those `mark`s that are outside quoted strings (RFC 9110, 5.6.4).

    Parsed from the right, because the rightmost part was written by a trusted proxy: an unclosed quotation
    mark from the client cannot swallow any of it.
    """
    parts: list[str] = []
    end, quoted = len(text), False
    for place in range(len(text) - 1, -1, -1):
        if text[place] == '"' and not _is_escaped(text, place):
            quoted = not quoted
        elif text[place] == mark and not quoted:
            parts.append(text[place + 1 : end])
            end = place
    parts.append(text[:end])
    return [part.strip(" \t") for part in reversed(parts) if part.strip(" \t")]


def _is_escaped(text: str, place: int) -> bool:
    before = text[max(0, place - _MOST_ESCAPES) : place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _node(element: str) -> str:
    """Return the `for=` value of the element; "" if it is missing or occurs twice."""
    pairs = [pair.partition("=") for pair in _split(element, ";")]
    nodes = [value.strip(" \t") for name, _, value in pairs if name.strip(" \t").lower() == "for"]
    if len(nodes) != 1:
        return ""
    [node] = nodes
    return re.sub(r"\\(.)", r"\1", node[1:-1]) if node.startswith('"') else node
