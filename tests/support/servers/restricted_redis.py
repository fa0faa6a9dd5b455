"""A real Redis whose users have restricted permissions, or that uses TLS."""

import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from autograph_web.infra.redis.embedded import server_program
from tests.support.servers.ports import free_port

ADMIN = "admin-of-the-test"
_PATIENCE_S = 10.0


@contextmanager
def redis_with(
    folder: Path, *lines: str, tls: tuple[Path, Path] | None = None, program: str | None = None
) -> Generator[int]:
    """Run one with these configuration lines and yield its port; `tls` holds its certificate and key."""
    port = free_port()
    config = folder / f"redis-{port}.conf"
    place = f"port {port}" if tls is None else f"port 0\ntls-port {port}\ntls-auth-clients no"
    keys = "" if tls is None else f"tls-cert-file {tls[0]}\ntls-key-file {tls[1]}"
    admin = f"user {ADMIN} on >{ADMIN} ~* &* +@all"
    config.write_text("\n".join([place, keys, "bind 127.0.0.1", f"dir {folder}", 'save ""', admin, *lines]))
    program = program or _program(tls is not None)
    process = subprocess.Popen([program, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until_it_answers(process, port, tls)
        yield port
    finally:
        process.kill()
        process.wait()


def as_admin(port: int, **more: Any) -> Any:
    """Return a client with all permissions."""
    return Redis(host="127.0.0.1", port=port, username=ADMIN, password=ADMIN, **more)


def _program(tls: bool) -> str:
    if not tls:
        return server_program()
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        pytest.skip("a Redis with TLS is not installed (apt install redis-server)")
    return found


def _until_it_answers(process: "subprocess.Popen[bytes]", port: int, tls: tuple[Path, Path] | None) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    more: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(tls[0])} if tls else {}
    client = as_admin(port, **more)
    while time.monotonic() < deadline:
        assert process.poll() is None, "it did not start"
        with suppress(RedisError, OSError):
            client.ping()
            client.close()
            return
        time.sleep(0.02)
    raise AssertionError("it did not answer")
