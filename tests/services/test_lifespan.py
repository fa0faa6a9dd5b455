"""What the hourly cleanup deletes, and that no two packages declare a service with the same name."""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import LINKS
from autograph_web.container import Services
from autograph_web.lifespan import purge
from tests.support.services.clock import FakeClock
from tests.support.services.factories import how_many, register

A_YEAR = 365 * 86_400


@pytest.fixture
async def a_link(services: Services) -> None:
    mina = await register(services)
    async with services.database.unit() as connection:
        await services.links.issue(connection, Purpose.PASSWORD_RESET, mina.id, 900)
    assert await how_many(services, LINKS) > 0


@pytest.mark.usefixtures("a_link")
async def test_each_service_deletes_what_has_expired(services: Services, clock: FakeClock) -> None:
    await purge(services)
    assert await how_many(services, LINKS) > 0

    clock.advance(A_YEAR)
    await purge(services)
    assert await how_many(services, LINKS) == 0


@pytest.fixture
async def two_tables_away(services: Services) -> AsyncGenerator[None]:
    tables = ("email_holds", "trusted_devices")
    for table in tables:
        async with services.database.unit() as connection:
            await connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    yield
    for table in tables:
        async with services.database.unit() as connection:
            await connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


@pytest.mark.usefixtures("a_link", "two_tables_away")
async def test_a_failing_cleanup_does_not_stop_the_others(services: Services, clock: FakeClock) -> None:
    clock.advance(A_YEAR)

    with capture_logs() as logs:
        await purge(services)

    failed = [entry["step"] for entry in logs if entry["event"] == "purge_failed"]
    assert sorted(failed) == ["EmailChange.purge_expired", "TrustedDevices.purge_expired"]
    assert await how_many(services, LINKS) == 0


def test_no_two_packages_declare_a_service_of_one_name() -> None:
    declared: list[Any] = [base for base in Services.__mro__[1:] if base is not object]
    names = Counter(name for base in declared for name in base.__annotations__)

    assert len(declared) > 10
    assert [name for name, times in names.items() if times > 1] == []
    assert set(names) == {field.name for field in fields(Services)} - {"life"}
