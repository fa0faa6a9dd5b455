"""The migrations: complete, linear, reversible, and safe when several servers start at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from autograph_web import migrate, schema
from autograph_web.accounts.models import NO_PASSWORD
from autograph_web.infra.startup_error import StartupError


def _tables(url: str) -> set[str]:
    async def read() -> set[str]:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda plain: inspect(plain).get_table_names())
        await engine.dispose()
        return set(names)

    return asyncio.run(read())


def _revision(url: str) -> str | None:
    found: list[str | None] = []

    def note(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        found.append(migrate.current_revision(connection))

    migrate.run(url, note)
    return found[0]


def test_there_is_one_newest_revision() -> None:
    assert len(ScriptDirectory.from_config(migrate.configuration()).get_heads()) == 1


def test_the_migrations_make_exactly_the_models_tables(database_url: str) -> None:
    migrate.run(database_url, command.check)
    assert _tables(database_url) - {"alembic_version"} == set(schema.metadata().tables)


def test_every_migration_can_be_taken_back(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.run(empty_database_url, lambda config: command.downgrade(config, "base"))
    assert _tables(empty_database_url) <= {"alembic_version"}
    migrate.upgrade(empty_database_url)
    migrate.run(empty_database_url, command.check)


def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    before = _revision(database_url)
    migrate.upgrade(database_url)
    assert _revision(database_url) == before is not None


def test_the_quick_look_knows_the_newest_revision() -> None:
    head = ScriptDirectory.from_config(migrate.configuration()).get_current_head()
    assert schema.newest_revision() == head


def test_the_quick_look_tells_a_database_that_lacks_something(empty_database_url: str) -> None:
    assert not schema.is_current(empty_database_url)
    migrate.run(empty_database_url, lambda config: command.upgrade(config, "0001"))
    assert not schema.is_current(empty_database_url)
    migrate.upgrade(empty_database_url)
    assert schema.is_current(empty_database_url)


def test_a_database_that_cannot_be_asked_is_not_current() -> None:
    assert not schema.is_current("sqlite+aiosqlite:////proc/none/db.sqlite3")
    assert not schema.is_current("postgresql+asyncpg://me:hunter2@127.0.0.1:1/none")


def test_servers_that_start_together_migrate_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.upgrade, [empty_database_url] * 4))
    migrate.run(empty_database_url, command.check)


def test_a_failing_migration_leaves_nothing_half_done(empty_database_url: str) -> None:
    def fail_after_all_statements(config: Config) -> None:
        command.upgrade(config, "head")
        raise OSError("the cable was pulled")

    with pytest.raises(StartupError, match="the cable was pulled"):
        migrate.run(empty_database_url, fail_after_all_statements)
    assert _tables(empty_database_url) == set()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://me:hunter2@127.0.0.1:1/none",
        "postgresql+asyncpg://me:hunter2@no-such-host.invalid/none",
        "sqlite+aiosqlite:////proc/none/db.sqlite3",
    ],
)
def test_an_unreachable_database_is_one_clear_line_without_the_password(url: str) -> None:
    with pytest.raises(StartupError, match="cannot use the database") as caught:
        migrate.upgrade(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_migration_names_are_numbered_in_order() -> None:
    files = sorted(file.name for file in (schema.SCRIPTS / "versions").glob("*.py"))
    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert all(Path(name).stem == name[:-3] and "_" in name for name in files)


def test_a_database_of_a_newer_version_still_serves_this_one(database_url: str) -> None:
    """A release may be rolled back, and a server of the old version may restart during an upgrade."""
    migrate.run(database_url, _claim_a_newer_revision)
    assert schema.is_current(database_url)
    with pytest.raises(StartupError, match="cannot migrate"):
        migrate.upgrade(database_url)


def _claim_a_newer_revision(config: Config) -> None:
    connection: Connection = config.attributes["connection"]
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def test_addresses_get_the_one_form_that_is_stored_now(empty_database_url: str) -> None:
    before = {
        "ｏwner@x.dev": ("owner@x.dev", True),
        "straße@x.dev": ("strasse@x.dev", True),
        "Miña@x.dev": ("miña@x.dev", True),
        "Theo@x.dev": ("theo@x.dev", False),
    }
    found: list[tuple[str, str, bool]] = []

    def walk(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        command.upgrade(config, "0012")
        users = Table("users", MetaData(), autoload_with=connection)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        for email, (key, verified) in before.items():
            row = {"id": uuid4(), "email": email, "email_key": key, "role": "user", "status": "active"}
            row |= {"password_hash": "x", "mfa_enabled": False, "session_epoch": 0, "created_at": now}
            row |= {"password_changed_at": now, "email_verified_at": now if verified else None}
            connection.execute(users.insert().values({k: _stored(users, k, v) for k, v in row.items()}))
        command.upgrade(config, "head")
        found.extend(
            (row.email, row.email_key, row.email_verified_at is not None)
            for row in connection.execute(users.select().order_by(users.c.email_key))
        )

    migrate.run(empty_database_url, walk)
    assert sorted(found) == sorted(
        [
            ("owner@x.dev", "owner@x.dev", False),
            ("straße@x.dev", "straße@x.dev", True),
            ("Miña@x.dev", "miña@x.dev", True),
            ("Theo@x.dev", "theo@x.dev", False),
        ]
    )


def test_passwords_move_to_a_table_of_their_own_and_back(empty_database_url: str) -> None:
    """What the previous version writes in the meantime is copied, and the downgrade loses nothing."""
    mina, theo, nora = (uuid4() for _ in range(3))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    told: dict[str, dict[UUID, str]] = {}

    def walk(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        command.upgrade(config, "0014")
        users = Table("users", MetaData(), autoload_with=connection)

        def of_the_version_before(user_id: UUID, password_hash: str) -> None:
            row = {"id": user_id, "email": f"{user_id}", "email_key": f"{user_id}", "role": "user"}
            row |= {"status": "active", "password_hash": password_hash, "mfa_enabled": False}
            row |= {"session_epoch": 0, "created_at": now, "password_changed_at": now}
            connection.execute(users.insert().values({k: _stored(users, k, v) for k, v in row.items()}))

        def hashes(table: Table, key: str, name: str) -> dict[UUID, str]:
            found = connection.execute(table.select()).mappings()
            return {UUID(str(row[key])): row[name] for row in found}

        of_the_version_before(mina, "old of Mina")
        command.upgrade(config, "0015")
        passwords = Table("passwords", MetaData(), autoload_with=connection)
        of_the_version_before(theo, "of Theo")
        of_the_version_before(nora, NO_PASSWORD)
        this = users.c.id == _stored(users, "id", mina)
        connection.execute(users.update().where(this).values(password_hash="new of Mina"))
        told["0015"] = hashes(passwords, "user_id", "hash")
        command.downgrade(config, "0014")
        told["0014"] = hashes(users, "id", "password_hash")
        command.upgrade(config, "head")
        command.check(config)

    migrate.run(empty_database_url, walk)
    assert told["0015"] == {mina: "new of Mina", theo: "of Theo"}
    assert told["0014"] == {mina: "new of Mina", theo: "of Theo", nora: NO_PASSWORD}


def _stored(table: Table, name: str, value: object) -> object:
    """Return a value as the column expects it: SQLite has no column type for an id."""
    return value.hex if isinstance(value, UUID) and "CHAR" in str(table.c[name].type) else value
