"""Who may fail once, and why: docs/decisions/0030-second-try.md. The summary names every second try."""

import socket

import pytest

SECOND_TRY = pytest.mark.flaky(reruns=1)
"""For tests that depend on programs which are not ours keeping pace."""

AFTER_SILENCE = pytest.mark.flaky(reruns=1, only_rerun=["Unavailable", "RedisDown", "TimeoutError"])
"""For every other test: when what went wrong is that PostgreSQL or Redis said nothing in time."""


def ask_at_once(config: pytest.Config) -> None:
    """Let a worker's questions about earlier tries go out undelayed.

    pytest-rerunfailures 16.7 counts tries in the process that leads the workers: before each test, a worker
    sends it two messages and waits for an answer to the second. Nagle's algorithm (RFC 896) holds that one
    back until the first is acknowledged, which Linux delays by 40 ms: a third of the whole suite's time.
    """
    tries = getattr(getattr(config, "failures_db", None), "sock", None)
    if isinstance(tries, socket.socket):
        tries.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
