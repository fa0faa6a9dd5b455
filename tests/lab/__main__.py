"""Runs every attack against a server of its own and prints its effect on other users.

python -m tests.lab [--seconds 15] [NAME …]

Each attack runs in a separate process, so that it does not slow down the measurements here. It first runs
against a server that does nothing (tests/lab/refusing_server.py): how much sign-ins at ours slow down in that
time is the load of the attacker itself on the machine, and the documented limit is counted from there.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from redis import Redis

from tests.lab.attacks import Attack
from tests.lab.refusing_server import bare_server
from tests.support.browser.visitor import unique_address
from tests.support.servers.live_server import ROOT, LiveServer, asks

_MB = 1024 * 1024
_HEAD = """
| attack | live p95 ms | sign-in p50 ms | bare | Redis kB/min | log kB/min | workers +MB | tries | bare | |
|---|---|---|---|---|---|---|---|---|---|"""
_PASSWORD = "ink on graph paper and more"
_BESIDE = (
    "tests/services/whole_product/test_full_disk.py",
    "tests/journeys/test_blocked.py",
    "tests/journeys/test_translators_and_extensions.py",
)
"""Other attacks and failures, covered by tests of their own."""


@dataclass(frozen=True)
class Seen:
    """What other users observed (milliseconds), and what the server used (MB; kB per minute)."""

    live: float
    sign_in: float
    redis: float
    log: float
    memory: float
    tries: str


def main() -> None:
    """Run the named attacks, or all of them; exit with 1 if the server failed to withstand one."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--seconds", type=float, default=15.0)
    arguments.add_argument("--strike", default="")
    given = arguments.parse_args()
    if given.strike:
        [name] = given.names
        print(asyncio.run(Attack.kinds[name](given.strike).go_on(given.seconds)))
        return
    sys.exit(_all(given.names or list(Attack.kinds), given.seconds, beside=not given.names))


def _all(names: list[str], seconds: float, *, beside: bool) -> int:
    held = True
    with (
        tempfile.TemporaryDirectory() as folder,
        LiveServer(Path(folder), AUTOGRAPH_WORKERS="2") as server,
        bare_server() as bare,
    ):
        person = {"email": "mina@northwind.dev", "password": _PASSWORD}
        _ask(server, "/register", person)
        quiet = _watch(server, person, seconds, None)
        print(_HEAD)
        _row("nobody attacks", quiet, quiet, "")
        for name in names:
            beside_bare = _watch(server, person, seconds, name, target=bare)
            seen = _watch(server, person, seconds, name, target=server.base_url)
            ready, slower = server.is_ready(), seen.sign_in / beside_bare.sign_in
            missed = {
                "liveness over 100 ms": seen.live > 100,
                f"sign-in {slower:.1f} times": slower > 2,
                "not ready afterwards": not ready,
            }
            held = held and ready
            verdict = ", ".join(what for what, so in missed.items() if so) or f"held ({slower:.1f} times)"
            _row(Attack.kinds[name].about, seen, beside_bare, verdict)
            time.sleep(3)
        faults = server.log.count("Traceback")
        print(f"\ntraces in the log: {faults}")
    for test in _BESIDE if beside else ():
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", test], cwd=ROOT, check=False)
        print(f"{test}: {'held' if done.returncode == 0 else 'FAILED'}")
        held = held and done.returncode == 0
    return 0 if held and not faults else 1


def _watch(
    server: LiveServer, person: dict[str, str], seconds: float, name: str | None, *, target: str = ""
) -> Seen:
    """Observe `server` while the attack with this name, if any, runs against `target`."""
    socket = server.data_dir.resolve() / "redis" / "redis.sock"
    window: Any = cast(Any, Redis)(unix_socket_path=str(socket))
    memory, log, kept = _memory(server), len(server.log), int(window.info("memory")["used_memory"])
    strike = None
    if name is not None:
        command = [sys.executable, "-m", "tests.lab", name, "--strike", target]
        strike = subprocess.Popen(
            [*command, "--seconds", str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        time.sleep(3)  # until it has imported what it needs
    live: list[float] = []
    sign_in: list[float] = []
    most, began = memory, time.monotonic()
    while time.monotonic() - began < seconds - 3:
        live += [_timed(lambda: asks.get(f"{server.base_url}/health/live", timeout=10)) for _ in range(5)]
        sign_in.append(_timed(lambda: _ask(server, "/login", person)))
        most = max(most, _memory(server))
        time.sleep(0.1)
    minutes = (time.monotonic() - began) / 60
    grown = (int(window.info("memory")["used_memory"]) - kept) / 1024 / minutes
    logged = (len(server.log) - log) / 1024 / minutes
    tries = strike.communicate(timeout=120)[0].strip() if strike is not None else ""
    window.close()
    return Seen(_part(live, 0.95), _part(sign_in, 0.5), grown, logged, (most - memory) / _MB, tries or "–")


def _ask(server: LiveServer, path: str, person: dict[str, str]) -> None:
    headers = {"X-Forwarded-For": unique_address()}
    answer = asks.post(server.base_url + path, json=person, headers=headers, timeout=30)
    assert answer.is_success, answer.text


def _timed(doing: Any) -> float:
    began = time.perf_counter()
    doing()
    return (time.perf_counter() - began) * 1000


def _part(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _memory(server: LiveServer) -> int:
    return sum(worker.memory_info().rss for worker in server.workers())


def _row(about: str, seen: Seen, bare: Seen, verdict: str) -> None:
    numbers = (seen.live, seen.sign_in, bare.sign_in, seen.redis, seen.log, seen.memory)
    cells = [about, *(f"{number:.0f}" for number in numbers), seen.tries, bare.tries, verdict]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
