"""Production setup on one machine for demonstration: `make prod-local`.

Two servers with two workers each on one PostgreSQL and one Redis, behind nginx with TLS. `PORT` (8443) is the
port of nginx; `DATABASE_URL`, `REDIS_URL` and `SMTP_URL` may refer to existing services. The others are
started here, with their data in data/prod-local.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from autograph_web.infra.crypto.secret_file import secrets_of_data_dir
from autograph_web.infra.processes import end_process
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.infra.startup_error import StartupError
from deploy.proxy import NAME, Proxy

ROOT = Path(__file__).resolve().parent.parent
_FOLDER = ROOT / "data" / "prod-local"
_NODES = 2
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_STEP_SECONDS = 0.2


def main() -> None:
    """Run until Ctrl-C; errors that the operator can fix are reported in one line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        _run(_port(os.environ.get("PORT", "8443")))
    except (StartupError, OSError) as error:
        print(f"prod-local: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        _say("stopped")


def _run(port: int) -> None:
    with ExitStack() as stack:
        plain, *nodes = _free_ports(1 + _NODES)
        for old in _FOLDER.glob("server-*.log"):
            old.unlink()
        proxy = Proxy(_FOLDER / "nginx", port, plain, nodes)
        settings = {
            "AUTOGRAPH_ENVIRONMENT": "production",
            "AUTOGRAPH_BASE_URL": f"https://{NAME}:{port}",
            "AUTOGRAPH_SECRET_KEYS": ",".join(secrets_of_data_dir(_FOLDER)),
            "AUTOGRAPH_TRUSTED_PROXY_HOPS": "1",
            "AUTOGRAPH_WORKERS": "2",
            "DATABASE_URL": os.environ.get("DATABASE_URL") or stack.enter_context(_postgres()),
            "REDIS_URL": os.environ.get("REDIS_URL") or stack.enter_context(EmbeddedRedis(_FOLDER)).url,
            "SMTP_URL": os.environ.get("SMTP_URL") or "folder",
        }
        processes = [stack.enter_context(_node(one, settings)) for one in nodes]
        stack.enter_context(proxy)
        _wait(port, proxy, processes)
        _say(f"ready at https://{NAME}:{port} (a self-signed certificate: {proxy.certificate})")
        _say(f"two servers, on ports {nodes[0]} and {nodes[1]}; logs and email are in {_FOLDER}")
        _say("press Ctrl-C to stop everything")
        while proxy.runs and all(process.poll() is None for process in processes):
            time.sleep(_STEP_SECONDS)
        raise StartupError(f"a process stopped unexpectedly; see the logs in {_FOLDER}")


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= port <= 65_535:
        raise StartupError(f"PORT={text} is not a valid port; choose one from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            advice = "set another with PORT=…"
            raise StartupError(f"port {port} cannot be used ({error.strerror}); {advice}") from None
    return port


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@contextmanager
def _postgres() -> Generator[str]:
    """Run a PostgreSQL for the duration of the block; yield its URL."""
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # common on servers, and harmless
    from deploy.postgres import start_postgres  # noqa: PLC0415  (not needed for an existing database)

    _FOLDER.mkdir(parents=True, exist_ok=True)
    server = start_postgres(_FOLDER / "postgres")
    try:
        if not server.psql("SELECT 1 FROM pg_database WHERE datname = 'autograph'").count("(1 row)"):
            server.psql("CREATE DATABASE autograph")
        yield server.get_uri(database="autograph")
    finally:
        server.cleanup()


@contextmanager
def _node(port: int, settings: dict[str, str]) -> Generator["subprocess.Popen[bytes]"]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRAPH_")}
    own = {"PORT": str(port), "AUTOGRAPH_DATA_DIR": str(_FOLDER)}
    with (_FOLDER / f"server-{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "autograph_web", "run"],
            cwd=ROOT,
            env={**kept, **settings, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches the terminal's whole process group, but the parts must stop in order.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end_process(process, _STOP_SECONDS)


def _wait(port: int, proxy: Proxy, processes: "list[subprocess.Popen[bytes]]") -> None:
    trusted = ssl.create_default_context(cafile=proxy.certificate)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if not proxy.runs or any(process.poll() is not None for process in processes):
            break
        try:
            with urllib.request.urlopen(f"https://{NAME}:{port}/health/ready", timeout=2, context=trusted):
                return
        except OSError:
            time.sleep(_STEP_SECONDS)
    raise StartupError(f"it didn't start; see the logs in {_FOLDER}")


def _say(line: str) -> None:
    print(f"prod-local: {line}", flush=True)  # noqa: T201


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
