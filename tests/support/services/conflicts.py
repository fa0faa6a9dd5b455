"""Units of work that a real PostgreSQL aborts because of a conflict, at the write or at the commit."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text

from autograph_web.container import Services

MOMENTS = ("write", "commit")
_TABLES = ("audit_log", "sessions", "flags")
_AT_REST = 1000
# A sequence keeps counting whatever the outcome of the unit of work. The first two are aborted, once for each
# reason: a unit of work that is first sent as a single statement is retried in the usual way.
_SETUP = (
    """
    CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE n bigint := nextval('conflicts_at_' || TG_ARGV[0]);
    BEGIN
      IF n = 1 THEN RAISE SQLSTATE '40001'; END IF;
      IF n = 2 THEN RAISE SQLSTATE '40P01'; END IF;
      RETURN NULL;
    END $$
    """,
    *(f"CREATE SEQUENCE conflicts_at_{moment} START {_AT_REST}" for moment in MOMENTS),
    *(
        f"CREATE CONSTRAINT TRIGGER conflict_at_{moment} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" DEFERRABLE INITIALLY {'IMMEDIATE' if moment == 'write' else 'DEFERRED'}"
        f" FOR EACH ROW EXECUTE FUNCTION conflict('{moment}')"
        for table in _TABLES
        for moment in MOMENTS
    ),
)
_TEARDOWN = (
    "DROP FUNCTION conflict() CASCADE",
    *(f"DROP SEQUENCE conflicts_at_{moment}" for moment in MOMENTS),
)

Disturb = Callable[[str, Awaitable[object]], Awaitable[tuple[object, int]]]


async def run(services: Services, *statements: str) -> int | None:
    """Run statements and return the result of the last one."""
    async with services.database.unit() as connection:
        results = [await connection.execute(text(statement)) for statement in statements]
        return results[-1].scalar() if results[-1].returns_rows else None


@asynccontextmanager
async def conflicts(services: Services) -> AsyncGenerator[Disturb]:
    """Make PostgreSQL abort the first units of work of an awaited call, at one of `MOMENTS`.

    It returns the result of the call, and the number of writes, including the two that were aborted.
    """

    async def disturb(moment: str, act: Awaitable[object]) -> tuple[object, int]:
        await run(services, f"SELECT setval('conflicts_at_{moment}', 1, false)")
        came_to = await act
        writes = await run(services, f"SELECT nextval('conflicts_at_{moment}') - 1")
        await run(services, f"SELECT setval('conflicts_at_{moment}', {_AT_REST})")
        return came_to, writes or 0

    await run(services, *_SETUP)
    try:
        yield disturb
    finally:
        await run(services, *_TEARDOWN)
