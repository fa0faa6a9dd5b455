"""A Redis master, its replica and the sentinel that watches both: real servers on ports of their own."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from autograph_web.infra.redis.embedded import server_program
from tests.support.servers.ports import free_port

MASTER = "accounts"
_PATIENCE_S = 20.0
_STEP_S = 0.02


class WatchedRedis:
    """Two servers; when the master is lost, the sentinel promotes the other."""

    def __init__(self, folder: Path) -> None:
        self.ports = free_port(), free_port()
        self._sentinel_port = free_port()
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._sentinel = _client(self._sentinel_port)

    @property
    def url(self) -> str:
        """The value an operator would give to REDIS_URL."""
        return f"redis+sentinel://127.0.0.1:{self._sentinel_port}/{MASTER}"

    def start(self) -> None:
        """Start all three, and wait until a failover would succeed."""
        first, second = self.ports
        for port in self.ports:
            self._launch(port, ["--save", "", "--appendonly", "no"])
        _client(second).replicaof("127.0.0.1", first)
        config = self._folder / "sentinel.conf"
        config.write_text(
            f"sentinel monitor {MASTER} 127.0.0.1 {first} 1\n"
            f"sentinel down-after-milliseconds {MASTER} 500\n"
            f"sentinel failover-timeout {MASTER} 2000\n"
        )
        self._launch(self._sentinel_port, [], config)
        _until(self._can_fail_over)

    def stop(self) -> None:
        """Stop everything."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def master(self) -> int:
        """Return the port of the server that the sentinel reports as the master."""
        return int(self._sentinel.sentinel_get_master_addr_by_name(MASTER)[1])

    async def lose_the_master(self) -> None:
        """Kill the master without warning, and wait until the other one has been promoted."""
        lost = self.master()
        self._processes[lost].kill()
        self._processes[lost].wait()
        await self._promoted(self._other(lost))

    async def change_the_master(self) -> None:
        """Swap the roles of the two servers in order, and wait until the old master is a full copy."""
        old = self.master()
        new = self._other(old)
        self._sentinel.execute_command("SENTINEL FAILOVER", MASTER, once=True)
        await self._promoted(new)
        await _eventually(lambda: _copies(old, new))

    def demote_behind_the_sentinels_back(self) -> None:
        """Make the master a replica, which the sentinel does not notice for a while."""
        old = self.master()
        _client(old).replicaof("127.0.0.1", self._other(old))

    async def _promoted(self, port: int) -> None:
        await _eventually(lambda: self.master() == port and _client(port).info()["role"] == "master")

    def _other(self, port: int) -> int:
        return next(one for one in self.ports if one != port)

    def _can_fail_over(self) -> bool:
        known = self._sentinel.sentinel_slaves(MASTER)
        return _copies(self.ports[1], self.ports[0]) and known[0]["master-link-status"] == "ok"

    def _launch(self, port: int, options: list[str], config: Path | None = None) -> None:
        first = [str(config)] if config else []
        mode = ["--sentinel"] if config else []
        place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._processes[port] = subprocess.Popen(
            [server_program(), *first, *mode, *place, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _until(lambda: bool(_client(port).ping()))


@pytest.fixture
def watched_redis(tmp_path: Path) -> Generator[WatchedRedis]:
    """A master with a replica and a sentinel."""
    servers = WatchedRedis(tmp_path)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def _client(port: int) -> Any:
    return Redis(host="127.0.0.1", port=port, single_connection_client=False)


def _copies(replica: int, master: int) -> bool:
    link = _client(replica).info()
    return link.get("master_link_status") == "up" and link.get("master_port") == master


def _true(done: Callable[[], bool]) -> bool:
    try:
        return done()
    except (RedisError, OSError, IndexError):
        return False


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not _true(done):
        assert time.monotonic() < deadline, "the servers did not get there"
        time.sleep(_STEP_S)


async def _eventually(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not _true(done):  # noqa: ASYNC110  (the event is in another process)
            await asyncio.sleep(_STEP_S)
