"""The product as an operator runs it: `python -m autograph_web run`, in its own process."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest

from tests.support.clients.plain_http import PLAIN
from tests.support.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[3]

# The very first start installs the npm packages and builds the pages; every other one takes two seconds.
_START_SECONDS = 300.0
_STOP_SECONDS = 20.0
_OURS = ("AUTOGRAPH_", "REFLEX_", "__REFLEX_", "PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
_FAULT = re.compile(r"Traceback|\blevel='?(error|critical)|\[ERROR\]|panicked", re.IGNORECASE)


# One client for all requests without TLS: creating a client reads every certificate of the machine, which
# takes longer than most responses. It keeps no connections, since servers come and go, and no cookies.
asks = httpx.Client(
    verify=PLAIN,
    limits=httpx.Limits(max_keepalive_connections=0),
    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
)


class ServerFault(AssertionError):
    """The product did not start or stop as it should; the message ends with its log."""


class LiveServer:
    """One server with its own data folder, embedded database and embedded Redis.

    Clients are distinguished by X-Forwarded-For, so every test has its own address with its own rate limits.
    """

    launcher: tuple[str, ...] = ()
    """What starts the command, such as a program that changes its view of the system."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        over_ipv6 = settings.get("AUTOGRAPH_HOST") == "::1"
        self.base_url = f"http://{'[::1]' if over_ipv6 else 'localhost'}:{self.port}"
        self.data_dir = folder / "data"
        self.secrets: set[str] = set()
        """What must never appear in the log: add every password and ticket that is used."""
        self._log = folder / "server.log"
        self._settings = {
            "PORT": str(self.port),
            "AUTOGRAPH_DATA_DIR": str(self.data_dir),
            "AUTOGRAPH_BCRYPT_COST": "4",
            "AUTOGRAPH_TRUSTED_PROXY_HOPS": "1",
            "AUTOGRAPH_INSTANCE": "off",  # cookies keep their plain names
            **({"AUTOGRAPH_BASE_URL": self.base_url} if over_ipv6 else {}),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """Everything the server has printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.data_dir / "autograph.sqlite3"

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start without waiting."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.launcher, sys.executable, "-m", "autograph_web", "run"],
                cwd=ROOT,
                env=inherited | self._settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait until it is ready."""
        try:
            self._wait_until("be ready", _START_SECONDS, self.is_ready)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end as a service manager would, and make sure that no process of it remains."""
        process = self._running()
        family = self.family()
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFault(f"it did not stop within {_STOP_SECONDS:.0f} s\n{self.log}") from None
        self._process = None
        _gone, left = psutil.wait_procs(family, timeout=5)
        for straggler in left:
            straggler.kill()
        if left:
            raise ServerFault(f"processes were left behind: {left}\n{self.log}")

    def kill(self) -> None:
        """Kill it without warning, as a crash would end it."""
        process, family = self._process, self.family()
        self._process = None
        if process is not None:
            process.kill()
            process.wait()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=5)

    def kill_workers(self) -> None:
        """Kill the workers without warning, and wait until they have been replaced."""
        before = set(self.workers())
        for worker in before:
            worker.kill()
        self._wait_until("replace its workers", 20, lambda: bool(set(self.workers()) - before))
        self._wait_until("serve again", 20, self.is_ready)

    def pause(self) -> None:
        """Freeze the workers: connections stay open and nothing answers."""
        for worker in self.workers():
            worker.suspend()

    def resume(self) -> None:
        """Resume the workers."""
        for worker in self.workers():
            worker.resume()

    def family(self) -> list[psutil.Process]:
        """The child processes of the one we started."""
        if self._process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid).children(recursive=True)
        return []

    def check_log(self) -> None:
        """Reject a log that reports faults or contains a secret."""
        faults = [line for line in self.log.splitlines() if _FAULT.search(line)]
        assert not faults, "the server logged faults:\n" + "\n".join(faults)
        self.check_secrets()

    def check_secrets(self) -> None:
        """Reject a log that contains a secret."""
        log = self.log
        told = [secret for secret in self.secrets if secret in log]
        assert not told, f"the server logged what must stay secret: {told}"

    def inside(self, path: Path) -> Path:
        """Return where a file that the server sees under `path` is found from here."""
        return Path(f"/proc/{self._running().pid}/root") / path.relative_to("/")

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        return [member for member in self.family() if _listens_to(member, self._running().pid)]

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise ServerFault("it is not running")
        return self._process

    def is_ready(self) -> bool:
        """Return True if it is ready."""
        with suppress(httpx.TransportError):
            return asks.get(f"{self.base_url}/health/ready", timeout=2).is_success
        return False

    def _wait_until(self, what: str, seconds: float, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            code = self._running().poll()
            if code is not None:
                raise ServerFault(f"it ended with code {code} before it could {what}\n{self.log}")
            if time.monotonic() > deadline:
                raise ServerFault(f"it did not {what} within {seconds:.0f} s\n{self.log}")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """The server that most journeys share; it must have reported no fault at the end."""
    with LiveServer(tmp_path_factory.mktemp("live")) as server:
        yield server
    server.check_log()


@pytest.fixture(scope="session")
def brittle_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """A second server, for the journeys that disturb it: it times out early and recovers early."""
    limits = {"AUTOGRAPH_LIMIT_LOGIN": "2/4s", "AUTOGRAPH_LIMIT_LOGIN_ACCOUNT": "2/4s"}
    with LiveServer(tmp_path_factory.mktemp("brittle"), **limits) as server:
        yield server
    server.check_secrets()


def _listens_to(process: psutil.Process, parent: int) -> bool:
    """Whether `process` is one of the server's workers; the embedded Redis is the other kind of child."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.ppid() == parent and "redis" not in process.name()
    return False
