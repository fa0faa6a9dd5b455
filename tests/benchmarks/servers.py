"""The servers under load: the product and the bare limits, with a PostgreSQL and a Redis for them alone."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from warnings import catch_warnings, simplefilter

import psutil

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.benchmarks.hashing import COST
from tests.support.product.sources import ROOT
from tests.support.servers.ports import free_port

WORKERS = 2
HASH_THREADS = 2
_START_S = 60.0
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    process: psutil.Process
    start_seconds: float

    def cpu_seconds(self) -> float:
        """The processor time that its main process and its workers have used."""
        times = [process.cpu_times() for process in (self.process, *self._workers())]
        return sum(time.user + time.system for time in times)

    def worker_memory(self) -> int:
        """The resident bytes of its largest worker, including those it shares with others."""
        return max(worker.memory_info().rss for worker in self._workers())

    def _workers(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that a row can put a load on."""

    folder: Path
    database_url: str
    redis_url: str
    secret: str
    ours: Server
    bare: Server


@contextmanager
def stack() -> Generator[Stack]:
    """Start everything and stop it again, whatever happens."""
    # Below /tmp: if started by root, PostgreSQL runs as another user, which must be able to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix="ag-bench-", dir="/tmp"))
    with ExitStack() as after:
        after.callback(shutil.rmtree, folder, ignore_errors=True)
        redis_url = after.enter_context(EmbeddedRedis(folder)).url
        database_url = after.enter_context(database(folder / "postgres"))
        secret = b64encode(os.urandom(32)).decode()
        ours = after.enter_context(product(folder, database_url, redis_url, secret))
        limits = after.enter_context(bare(folder, redis_url))
        yield Stack(folder, database_url, redis_url, secret, ours, limits)


@contextmanager
def database(folder: Path) -> Generator[str]:
    with catch_warnings():
        simplefilter("ignore")  # about a folder that only a desktop session has
        from deploy.postgres import start_postgres  # noqa: PLC0415
    server = start_postgres(folder)
    try:
        server.psql("CREATE DATABASE autograph")
        yield server.get_uri(database="autograph", driver="asyncpg")
    finally:
        server.cleanup()


@contextmanager
def product(folder: Path, database_url: str, redis_url: str, secret: str) -> Generator[Server]:
    """The product, started as an operator starts it behind a proxy."""
    port = free_port()
    variables = {
        "DATABASE_URL": database_url,
        "AUTOGRAPH_ENVIRONMENT": "production",
        "AUTOGRAPH_BASE_URL": base_url(port),
        "SMTP_URL": "folder",
        "AUTOGRAPH_SECRET_KEYS": secret,
        "AUTOGRAPH_DATA_DIR": str(folder / "data"),
        "AUTOGRAPH_WORKERS": str(WORKERS),
        "AUTOGRAPH_HASH_THREADS": str(HASH_THREADS),
        "AUTOGRAPH_BCRYPT_COST": str(COST),
        # The clients of a load have many addresses, as they would behind a proxy.
        "AUTOGRAPH_TRUSTED_PROXY_HOPS": "1",
    }
    with _serving(["autograph_web", "run"], port, redis_url, variables, folder / "product.log") as server:
        yield server


def base_url(port: int) -> str:
    """The public address, which is also the issuer of the tokens."""
    return f"http://localhost:{port}"


@contextmanager
def bare(folder: Path, redis_url: str) -> Generator[Server]:
    """The bare limits."""
    variables = {"BARE_SECRET": b64encode(os.urandom(32)).decode(), "BARE_WORKERS": str(WORKERS)}
    with _serving(
        ["tests.benchmarks.bare_limit_server"], free_port(), redis_url, variables, folder / "bare.log"
    ) as server:
        yield server


@contextmanager
def _serving(
    module: list[str], port: int, redis_url: str, variables: dict[str, str], log: Path
) -> Generator[Server]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRAPH_")}
    start = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**outside, "PORT": str(port), "REDIS_URL": redis_url, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_live(process, port, log)
        yield Server(port, psutil.Process(process.pid), time.perf_counter() - start)
    finally:
        _stop(process)


def _wait_until_live(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not _is_live(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.005)


def _is_live(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
