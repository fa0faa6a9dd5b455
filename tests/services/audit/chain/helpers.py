"""Events, their links, and an attacker with the database's password."""

from typing import Any
from uuid import uuid4

from sqlalchemy import text

from autograph_web.accounts.chain_verification import chain_verifier_of
from autograph_web.audit.chain.anchor import Anchor
from autograph_web.audit.chain.store import CHAIN
from autograph_web.audit.chain.verifier import Report
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, rows


async def happen(services: Services, times: int = 1) -> None:
    """Cause an audited event."""
    for _ in range(times):
        await services.audit_log.record_alone(
            EventType.LOGIN_SUCCESS, context(), user_id=uuid4(), method="password"
        )


async def check(services: Services, *expected: Anchor) -> Report:
    """Verify the chain, and that it continues from the recorded anchor."""
    return await chain_verifier_of(services.settings.master_secrets, services.database).run(expected)


async def run(services: Services, statement: str, **values: Any) -> None:
    """Change the database as an attacker with its password could."""
    async with services.database.unit() as connection:
        await connection.execute(text(statement), values)


async def links(services: Services) -> list[Any]:
    """Return the links, the first one first."""
    return sorted(await rows(services, CHAIN), key=lambda link: link.position)


async def insert_row(services: Services, row_id: int, **values: Any) -> None:
    """Insert a row into the log, bypassing the product."""
    row = services.audit_log.row(EventType.LOGIN_SUCCESS, context(), user_id=uuid4())
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), {"id": row_id} | row | values)


async def settle(services: Services, clock: FakeClock) -> None:
    """Let the linker find out for itself that no transaction is in progress any more."""
    for _ in range(5):
        clock.advance(3)
        await happen(services)
        await services.audit_chain.link_all()


async def days_of_events(services: Services, clock: FakeClock, days: int) -> None:
    """Let some days pass with an event on each."""
    for _ in range(days):
        await happen(services, 3)
        await services.audit_chain.link_all()
        clock.advance(86_400)
