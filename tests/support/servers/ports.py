"""Ports for the servers of the tests.

Asking the system for port 0 is not enough: between that and the server's own start lie seconds in which
the system gives the same port to another test process or to a connection that goes out. Two servers then
even share it in silence, since the workers of a server listen with SO_REUSEPORT. So each test process has a
block of ports to itself for as long as it lives, below those from which the system chooses
(net.ipv4.ip_local_port_range).
"""

import atexit
import itertools
import socket
from collections.abc import Iterator
from functools import cache

_FIRST, _BLOCK, _BLOCKS = 12_000, 400, 50


def free_port() -> int:
    """Return a port that nobody uses, and that no other test process is given while this one lives.

    Raises:
        RuntimeError: Nothing is free any more.
    """
    for port in itertools.islice(_own_ports(), _BLOCK):
        if (probe := _bound(port)) is not None:
            probe.close()
            return port
    raise RuntimeError(f"all {_BLOCK} ports of this process are in use")


@cache
def _own_ports() -> Iterator[int]:
    """Go round this process's block for ever, so that a port comes back as late as possible."""
    first = _own_block()
    return itertools.cycle(range(first + 1, first + _BLOCK))


def _own_block() -> int:
    """Take the first block that nobody has: whoever holds its first port has all of it."""
    for first in range(_FIRST, _FIRST + _BLOCK * _BLOCKS, _BLOCK):
        if (claim := _bound(first)) is not None:
            _held.append(claim)
            atexit.register(claim.close)
            return first
    raise RuntimeError(f"all {_BLOCKS} blocks of ports are taken by other processes")


_held: list[socket.socket] = []
"""Open to the end of the process."""


def _bound(port: int) -> socket.socket | None:
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return None
    return probe
