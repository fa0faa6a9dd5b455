"""The command line as an operator uses it: a separate process, on the database and Redis of a test."""

import asyncio
import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from tempfile import TemporaryFile
from typing import Any

from autograph_web.commands import later
from autograph_web.commands.lazy_group import COMMANDS
from autograph_web.container import Services
from tests.support.product.sources import ROOT
from tests.support.services.factories import SECRET

_OURS = ("AUTOGRAPH_", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT")
# What commands usually import.
_USUAL = (
    *(f"autograph_web.commands.{place.module}" for place in COMMANDS.values()),
    *later.MODULES,
    *("autograph_web.cli", "asyncpg", "aiosqlite", "sqlalchemy.dialects.postgresql.asyncpg"),
    *("sqlalchemy.dialects.sqlite.aiosqlite", "rich.progress"),
)
_PATIENCE_S = 120.0

Done = subprocess.CompletedProcess[str]


def environment(services: Services, **settings: str) -> dict[str, str]:
    """Return the environment of a command in addition to `services`; an empty setting counts as unset."""
    found = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "DATABASE_URL": services.settings.database_url,
        "REDIS_URL": services.settings.redis_url,
        "AUTOGRAPH_DATA_DIR": str(services.settings.data_dir),
        "AUTOGRAPH_SECRET_KEYS": SECRET,
        "AUTOGRAPH_BCRYPT_COST": "4",
        "AUTOGRAPH_INSTANCE": "off",
        "COLUMNS": "160",
        **settings,
    }
    return {name: value for name, value in found.items() if value}


async def command(services: Services, *arguments: str, given: str = "", **settings: str) -> Done:
    """Run one command to its end with `given` on standard input; it must never print a traceback."""
    done = await asyncio.to_thread(run, arguments, environment(services, **settings), given)
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


async def as_json(services: Services, *arguments: str, given: str = "") -> Any:
    """Run one command that must succeed, and return its output parsed as JSON."""
    done = await command(services, *arguments, "--json", given=given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def command_from_nothing(services: Services, *arguments: str, **settings: str) -> Done:
    """Run one command in a new Python process, as an operator starts it."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "autograph_web", *arguments],
        cwd=ROOT,
        env=environment(services, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def run(arguments: Sequence[str], environment: Mapping[str, str], given: str = "") -> Done:
    """Run one command in a process that has imported everything already (servers/command_server.py).

    Raises:
        TimeoutError: It took too long; it is ended.
    """
    asked = json.dumps({"arguments": arguments, "environment": dict(environment)}).encode()
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given.encode())
        stdin.seek(0)
        reading, report = os.pipe()
        try:
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(_server(), [asked], [*streams, report])
        finally:
            os.close(report)
        code = _exit_code(reading)
        told = [_text(stream) for stream in (stdout, stderr)]
    return subprocess.CompletedProcess([*arguments], code, *told)


def _exit_code(reading: int) -> int:
    with open(reading, "rb", buffering=0) as report:
        process, code = int(report.readline()), b""
        if select.select([report], [], [], _PATIENCE_S)[0]:
            code = report.readline()
        else:
            os.kill(process, signal.SIGKILL)
            raise TimeoutError(f"process {process} did not end within {_PATIENCE_S} seconds")
    return int(code)


def _text(stream: Any) -> str:
    stream.seek(0)
    return str(stream.read().decode().replace("\r\n", "\n"))


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers.command_server", *_USUAL],
        cwd=ROOT,
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(10)

    atexit.register(end)
    return ours
