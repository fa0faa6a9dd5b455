"""Ports for the servers of the tests.

Asking the system for port 0 is not enough: several seconds pass before the server itself starts, and in that
time the system may give the same port to another test process or to an outgoing connection. Two servers may
then even share it unnoticed, since the workers of a server listen with SO_REUSEPORT. So each test process
reserves a block of ports for its lifetime, below those from which the system chooses
(net.ipv4.ip_local_port_range).
"""

import atexit
import itertools
import socket
from collections.abc import Iterator
from functools import cache

_FIRST, _BLOCK, _BLOCKS = 12_000, 400, 50


def free_port() -> int:
    """Return a port that is not in use and that no other test process receives while this one runs.

    Raises:
        RuntimeError: No port is free.
    """
    for port in itertools.islice(_own_ports(), _BLOCK):
        if (probe := _bound(port)) is not None:
            probe.close()
            return port
    raise RuntimeError(f"all {_BLOCK} ports of this process are in use")


@cache
def _own_ports() -> Iterator[int]:
    """Cycle through this process's block for ever, so that a port is reused as late as possible."""
    first = _own_block()
    return itertools.cycle(range(first + 1, first + _BLOCK))


def _own_block() -> int:
    """Reserve the first free block: the process that holds its first port owns all of it."""
    for first in range(_FIRST, _FIRST + _BLOCK * _BLOCKS, _BLOCK):
        if (claim := _bound(first)) is not None:
            _held.append(claim)
            atexit.register(claim.close)
            return first
    raise RuntimeError(f"all {_BLOCKS} blocks of ports are taken by other processes")


_held: list[socket.socket] = []
"""Kept open until the process ends."""


def _bound(port: int) -> socket.socket | None:
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return None
    return probe
