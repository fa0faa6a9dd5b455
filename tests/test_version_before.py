"""The previous version keeps working on the current schema, as a rolling release requires.

Three ways: every migration by what it changes, the database itself with the rows and columns that the
previous version knows, and that version's own code, if the history is available.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from autograph_web import migrate, schema
from tests.support.product.migrations import breakages, read, steps, write
from tests.support.product.sources import ROOT
from tests.support.services.factories import SECRET

CONTRACTIONS: dict[str, dict[str, str]] = {}
"""What a migration removes from the previous version, and why that version can do without it: by revision,
each breakage as the test words it, and a reason that names the release which stopped using it."""


def test_no_migration_takes_anything_from_the_version_before(empty_database_url: str) -> None:
    found: dict[str, list[str]] = {}

    def look(config: Config) -> None:
        for step in steps(config):
            if broken := breakages(step.before, step.after):
                found[step.revision] = broken

    migrate.run(empty_database_url, look)
    assert found == {revision: list(reasons) for revision, reasons in CONTRACTIONS.items()}


def test_the_version_before_reads_and_writes_its_rows_after_every_migration(empty_database_url: str) -> None:
    """What it wrote before a migration is there after it, and it can write the same once more."""

    def walk(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        earlier = write(connection, MetaData())
        for step in steps(config):
            assert read(connection, earlier) == earlier.rows, step.revision
            again = write(connection, step.before)
            assert read(connection, again) == again.rows, step.revision
            earlier = write(connection, step.after)
        assert set(earlier.rows) == set(schema.metadata().tables)

    migrate.run(empty_database_url, walk)


Part = Column[int] | Column[str] | UniqueConstraint | CheckConstraint | Index


def people(*parts: Part, gone: str = "") -> MetaData:
    """A schema with a table of people, with some parts replaced or left out."""
    usual: list[Column[int] | Column[str]] = [
        Column("id", Integer, primary_key=True),
        Column("email", String(20), nullable=False),
        Column("note", String(20), server_default="-"),
    ]
    named = {part.name for part in parts} | {gone}
    tables = MetaData()
    Table("teams", tables, Column("id", Integer, primary_key=True))
    if gone != "people":
        Table("people", tables, *(column for column in usual if column.name not in named), *parts)
    return tables


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (people(gone="people"), "people is gone"),
        (people(gone="note"), "people.note is gone"),
        (people(Column("email", String(19), nullable=False)), "people.email was String(length=20) and is"),
        (
            people(Column("email", Integer, nullable=False)),
            "people.email was String(length=20) and is Integer",
        ),
        (people(Column("email", String(20))), "people.email may be empty"),
        (
            people(Column("note", String(20), nullable=False, server_default="-")),
            "people.note may no longer be empty",
        ),
        (people(Column("note", String(20))), "people.note has no default any more"),
        (people(Column("age", Integer, nullable=False)), "people.age must be given"),
        (people(UniqueConstraint("email")), "people demands one row for each email"),
        (people(Index("ix", "email", "note", unique=True)), "people demands one row for each email, note"),
        (
            people(Column("age", Integer, server_default="0"), UniqueConstraint("age")),
            "people demands one row for each age",
        ),
        (people(CheckConstraint("id > 7")), "people refuses more: id > 7"),
        (
            people(Column("note", String(20), ForeignKey("teams.id"), server_default="-")),
            "people refuses more: people.note points to teams.id",
        ),
    ],
)
def test_what_would_break_the_version_before_is_named(after: MetaData, expected: str) -> None:
    [found] = breakages(people(), after)
    assert found.startswith(expected)


@pytest.mark.parametrize(
    "after",
    [
        people(),
        people(Column("email", String(40), nullable=False)),
        people(Column("email", String(), nullable=False)),
        people(Column("age", Integer)),
        people(Column("age", Integer, nullable=False, server_default="0")),
        people(Column("age", Integer), UniqueConstraint("age", "email")),
        people(Index("ix", "email")),
    ],
)
def test_what_it_does_not_notice_is_allowed(after: MetaData) -> None:
    assert breakages(people(), after) == []


_USE = """
import json, sys
try:
    from autograph_web.cli import app
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)
for arguments in json.load(sys.stdin):
    if app(arguments, standalone_mode=False):
        sys.exit(f"failed: {arguments}")
"""
_COMMANDS = (
    "user create mina@northwind.dev --generate",
    "user create theo@northwind.dev --generate",
    "user role mina@northwind.dev admin",
    "user lock theo@northwind.dev",
    "user unlock theo@northwind.dev",
    "user end-sessions theo@northwind.dev",
    "user show theo@northwind.dev",
    "audit verify",
    "user list --json",
)


@pytest.fixture(scope="session")
def code_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest code of the history without the newest migration."""
    [newest] = (schema.SCRIPTS / "versions").glob(f"{schema.newest_revision()}_*.py")
    places = [f"{commit}:{newest.relative_to(ROOT)}" for commit in git("rev-list", "HEAD").split()]
    answers = git("cat-file", "--batch-check", given="\n".join(places)).splitlines()
    without = [answer.partition(":")[0] for answer in answers if answer.endswith(" missing")]
    if not without:
        pytest.skip("there is no history from before the newest migration")
    folder = tmp_path_factory.mktemp("before")
    git("archive", f"--output={folder}/code.tar", without[0], "autograph_web", "alembic")
    subprocess.run(["tar", "-xf", "code.tar"], cwd=folder, check=True)
    return folder


def git(*arguments: str, given: str = "") -> str:
    """Run git; return nothing if there is no repository, or no git."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout


def test_the_code_of_the_version_before_works_on_this_schema(
    code_before: Path, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "AUTOGRAPH_DATA_DIR": str(tmp_path / "data"),
        "AUTOGRAPH_SECRET_KEYS": SECRET,
        "AUTOGRAPH_BCRYPT_COST": "4",
    }
    done = subprocess.run(
        [sys.executable, "-c", _USE],
        cwd=code_before,
        env=environment,
        input=json.dumps([line.split() for line in _COMMANDS]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip(f"it does not start with the packages of today: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert [(one["email"], one["role"]) for one in listed["accounts"]] == [
        ("mina@northwind.dev", "admin"),
        ("theo@northwind.dev", "user"),
    ]
