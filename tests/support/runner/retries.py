"""Which tests get a second try, and why: docs/decisions/0030-second-try.md. The summary names each retry."""

import socket

import pytest

SECOND_TRY = pytest.mark.flaky(reruns=1)
"""For tests that depend on the timing of third-party programs."""

AFTER_SILENCE = pytest.mark.flaky(reruns=1, only_rerun=["Unavailable", "RedisDown", "TimeoutError"])
"""For every other test: only if the failure is that PostgreSQL or Redis did not answer in time."""


def ask_at_once(config: pytest.Config) -> None:
    """Send a worker's questions about earlier tries without delay.

    pytest-rerunfailures 16.7 counts tries in the controller process: before each test, a worker sends it two
    messages and waits for an answer to the second. Nagle's algorithm (RFC 896) delays that one until the
    first is acknowledged, which Linux delays by 40 ms: a third of the whole suite's time.
    """
    tries = getattr(getattr(config, "failures_db", None), "sock", None)
    if isinstance(tries, socket.socket):
        tries.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
