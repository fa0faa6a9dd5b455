"""A long audit log, and how a database searches it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from tests.support.services.clock import FakeClock

MANY = 6000
LIMIT = 51


async def fill(services: Services, clock: FakeClock, user_id: UUID, session_id: UUID) -> None:
    """Give an account a long history, interleaved with those of other accounts."""
    others = [uuid4() for _ in range(50)]
    kinds = [EventType.TOKEN_REFRESHED] * 30 + [EventType.LOGIN_SUCCESS, EventType.LOGOUT]
    rows: list[dict[str, Any]] = [
        {
            "at": clock.now() + timedelta(seconds=number),
            "user_id": user_id if number % 2 else others[number % 50],
            "kind": kinds[number // 2 % len(kinds)].value,
            "ip": "203.0.113.7",
            "user_agent": "curl/8",
            "session_id": session_id if number % 3 else uuid4(),
            "request_id": str(number),
            "details": {},
        }
        for number in range(MANY)
    ]
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.insert(), rows)
        await connection.execute(text("ANALYZE"))


def walk(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every node of a PostgreSQL plan."""
    return [plan, *(node for child in plan.get("Plans", []) for node in walk(child))]


async def read_rows(services: Services, query: Any) -> int:
    """Return how many rows PostgreSQL read for a query."""
    literal = str(query.compile(services.database.engine, compile_kwargs={"literal_binds": True}))
    async with services.database.read() as connection:
        answer = (
            await connection.execute(text("EXPLAIN (ANALYZE, FORMAT JSON) " + literal.replace(":", "\\:")))
        ).scalar_one()
    nodes = walk(answer[0]["Plan"])
    assert not [node for node in nodes if node["Node Type"] in ("Seq Scan", "Parallel Seq Scan")]
    scans = [
        node for node in nodes if "Scan" in node["Node Type"] and node.get("Relation Name") == "audit_log"
    ]
    assert scans
    return int(
        sum(
            (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"]
            for scan in scans
        )
    )


async def sqlite_plan(services: Services, query: Any) -> list[str]:
    """Return the steps with which SQLite answers a query."""
    literal = str(query.compile(services.database.engine, compile_kwargs={"literal_binds": True}))
    async with services.database.read() as connection:
        found = await connection.execute(text("EXPLAIN QUERY PLAN " + literal.replace(":", "\\:")))
        return [str(row.detail) for row in found]


async def index_searches(services: Services, query: Any, index: str) -> tuple[list[str], list[str]]:
    """Return SQLite's plan of a query and its searches of the log, each by an index with this name prefix."""
    plan = await sqlite_plan(services, query)
    searches = [line for line in plan if "audit_log" in line]
    assert searches, plan
    assert all(f"USING INDEX {index}" in line for line in searches), plan
    return plan, searches
