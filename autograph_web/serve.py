"""Serves the complete product, pages and API, on one port."""

import ctypes
import gc
import http.client
import importlib
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from granian.server.common import AbstractServer

from autograph_web.frontend.paths import ROOT
from autograph_web.infra.ip_addresses import is_loopback
from autograph_web.infra.port import check_port
from autograph_web.infra.telemetry import metrics
from autograph_web.infra.telemetry.heartbeat import Watch
from autograph_web.settings import Settings

_log = structlog.get_logger(__name__)

_APP_MODULE = "autograph_web.autograph_web"
_GRACE_SECONDS = 5
_HEAD_MS = 15_000
_MOST_WAITING, _MOST_CONNECTIONS, _OTHER_FILES = 2048, 4096, 256
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (with the address to reach it)
_ANNOUNCE_SECONDS = 60.0
_FIRST = "python -m autograph_web create-admin you@example.com"
_PR_SET_PDEATHSIG = 1
_PRCTL: Callable[[int, int], int] = getattr(ctypes.CDLL(None), "prctl", lambda _option, _value: 0)
_WORKER_VARIABLES = {
    "REFLEX_ENV_MODE": "prod",
    # Internal variables of Reflex have two leading underscores.
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_TELEMETRY_ENABLED": "false",
    # For the client of Reflex's health check; those of pages are ours (reflex_patches/state_manager.py).
    "REFLEX_REDIS_MAX_CONNECTIONS": "3",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    # Many managed Redis services refuse CONFIG: there the provider must set it (docs/deployment.md).
    "REFLEX_IGNORE_REDIS_CONFIG_ERROR": "true",
    # A dead connection is detected within ten seconds at both ends; Reflex's defaults are 25 and 120 seconds.
    "REFLEX_SOCKET_INTERVAL": "5",
    "REFLEX_SOCKET_TIMEOUT": "5",
    # The maximum websocket message in bytes: ours are forms, and Reflex's default is a megabyte.
    "REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE": str(64 * 1024),
}


def prepare_environment(redis_url: str, figures: Path) -> None:
    """Set the variables for the workers: the Redis URL, the folder of metrics, and the options of Reflex.

    REFLEX_ variables override rxconfig.py, so those set from outside are removed.
    """
    for name in [name for name in os.environ if name.startswith(("REFLEX_", "__REFLEX_"))]:
        del os.environ[name]
    metrics.prepare(figures)
    os.environ.update(_WORKER_VARIABLES, REDIS_URL=redis_url, PROMETHEUS_MULTIPROC_DIR=str(figures))


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then let requests in progress finish for a few seconds.

    Args:
        settings: The listening address and the number of workers.
        announce: Called with lines for the operator once the server answers.

    Raises:
        StartupError: The port is in use.
        SystemExit: A worker could not start or died repeatedly; it has reported the reason.
    """
    check_port(settings.host, settings.port)
    os.chdir(ROOT)
    _share_application_with_workers()
    server = Server(
        f"{_APP_MODULE}:served",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=settings.workers,
        workers_kill_timeout=_GRACE_SECONDS,
        loop=Loops.auto,
        http=HTTPModes.http1,
        websockets=True,
        # A connection without a complete request head is closed: slow heads occupy connections (slowloris).
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_MS),
        backlog=_MOST_WAITING,
        backpressure=_most_connections(),
        log_access=False,
        log_level=LogLevels.warning,
    )
    threading.Thread(target=_follow_start, args=(server, settings, announce), daemon=True).start()
    server.serve()


def _most_connections() -> int:
    """Return the maximum number of connections per worker, and raise the limit of open files accordingly.

    At the maximum Granian accepts no further connection in a worker, not even for a liveness probe.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return (
        _MOST_CONNECTIONS
        if soft == resource.RLIM_INFINITY
        else max(64, min(_MOST_CONNECTIONS, soft - _OTHER_FILES))
    )


def _share_application_with_workers() -> None:
    """Import the application before the workers fork, so that they start fast and share its memory.

    Freezing prevents their garbage collectors from modifying, and so copying, the shared pages. Imported
    objects are not garbage, so nothing needs to be collected before.
    """
    if sys.platform != "linux":
        return
    multiprocessing.set_start_method("fork", force=True)
    os.register_at_fork(after_in_child=_answer_to_parent_only)
    gc.disable()
    importlib.import_module(_APP_MODULE)
    gc.freeze()
    gc.enable()


def _answer_to_parent_only() -> None:
    """Make this worker end when the main process requests it or is killed, and at no other time.

    Ctrl-C reaches every process of the terminal's group, and a worker that receives two stop signals may
    hang; one whose main process was killed would continue to serve and occupy the port.
    """
    os.setpgrp()
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _follow_start(server: AbstractServer[Any], settings: Settings, announce: Callable[[str], None]) -> None:
    """Announce the server once it answers; from then on workers that die are replaced.

    Not before: a worker that cannot start would be restarted again and again, with the same error each time.
    """
    deadline = time.monotonic() + _ANNOUNCE_SECONDS
    while time.monotonic() < deadline:
        if _is_live(settings):
            server.respawn_failed_workers = True
            announce(f"ready at {settings.base_url} · first time? {_FIRST}")
            for line in addresses_to_use(settings):
                announce(line)
            if settings.shows_letters:
                announce(f"email isn't sent in development; read it at {settings.base_url}/dev/mail")
            _keep_watch(server, settings)
            return
        time.sleep(0.1)


def _keep_watch(server: AbstractServer[Any], settings: Settings) -> None:
    """Replace workers that are alive but unresponsive, on systems where they share memory with us."""
    if sys.platform != "linux":
        return
    watch = Watch(settings.worker_heartbeat_timeout)
    while True:
        time.sleep(1)
        look_after(server, watch)


def look_after(server: Any, watch: Watch) -> None:
    """Check the workers of a Granian server once: kill unresponsive ones, and record which have started.

    Granian takes a replacement that dies within seconds for one that cannot start, and ends the server. A
    worker that has shown a sign of life is exempted.
    """
    workers = {worker.inner.pid: worker.idx for worker in list(server.wrks)}
    for pid in watch.look(workers):
        watch.end(pid)
    for pid, number in workers.items():
        if watch.has_seen(pid) and server.respawned_wrks.pop(number, None) is not None:
            _log.warning("worker_replaced", pid=pid)


def addresses_to_use(settings: Settings) -> list[str]:
    """Return hints if other machines can reach the server, but its pages work only on this machine."""
    own = urlsplit(settings.base_url).hostname or ""
    if is_loopback(settings.host) or not (own == "localhost" or is_loopback(own)):
        return []
    there = _outward_address() if settings.host in _EVERYWHERE else settings.host
    url = f"http://[{there}]" if ":" in there else f"http://{there}"
    return [
        f"pages only work at {settings.base_url}, which other machines can't open",
        f"to use it from other machines, start with AUTOGRAPH_BASE_URL={url}:{settings.port} and open that",
    ]


def _outward_address() -> str:
    """Return the address of this machine as seen by others; determined without sending anything."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # RFC 5737: reserved for documentation
        return str(probe.getsockname()[0])
    return socket.gethostname()


def _is_live(settings: Settings) -> bool:
    host = _EVERYWHERE.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False
