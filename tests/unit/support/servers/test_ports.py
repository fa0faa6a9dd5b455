"""Ports for servers: no two test processes get the same one."""

import subprocess
import sys

from tests.support.servers.live_server import ROOT
from tests.support.servers.ports import free_port

_TAKER = """
import sys
from tests.support.servers.ports import free_port
print(*(free_port() for _ in range(50)), flush=True)
sys.stdin.read()
"""


def test_ports_are_given_once_among_processes_that_ask_at_the_same_moment() -> None:
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    given = [free_port() for _ in range(50)]
    for taker in takers:
        assert taker.stdout
        given += map(int, taker.stdout.readline().split())
    for taker in takers:
        taker.communicate()
    assert len(given) == len(set(given)) == 250
