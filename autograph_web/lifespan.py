"""Opens and closes the services of one application, and runs what recurs while they are open."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from autograph_web import __version__
from autograph_web.container import Services
from autograph_web.infra.background import end
from autograph_web.infra.telemetry import tracing
from autograph_web.runtime import bind, bound_services

_log = structlog.get_logger(__name__)
_HOUR = 3600


@asynccontextmanager
async def opened(built: Services) -> AsyncGenerator[Services]:
    """Hold the services open, and make them what `services()` returns, until the block ends."""
    before = bound_services()
    bind(built)
    purging = asyncio.create_task(_purge_hourly(built))
    built.figures.begin()
    built.database.count_connections()
    if built.settings.traces and tracing.is_installed():
        begin_traces(built)
    try:
        # Learns which Redis process this is before the first request needs to know.
        await built.health.look()
        built.courier.start()
        built.audit_chain.start(built.audit_log.written)
        async with built.flags.kept_fresh():
            yield built
    finally:
        built.life.is_open = False
        if before is not None:  # no reset: a fixture of tests may end in another context than it began in
            bind(before)
        await end([purging])
        await built.close()
        built.figures.end()
        await asyncio.to_thread(tracing.end)


async def purge(built: Services) -> None:
    """Delete the rows that have expired, by each service and method that has a `purge_expired`.

    A failure of one does not keep the others from theirs.
    """
    services: list[Any] = [*(getattr(built, field.name) for field in fields(built)), *built.methods]
    purging = {id(one): one for one in services if hasattr(one, "purge_expired")}
    steps: list[Callable[[], Awaitable[object]]] = [one.purge_expired for one in purging.values()]
    # Days are counted before the audit events they are counted from are deleted.
    for step in (*steps, built.statistics.count_settled, partial(apply_audit_retention, built)):
        try:
            await step()
        except Exception:  # noqa: BLE001  (whatever it was, it is tried again in an hour)
            _log.exception("purge_failed", step=getattr(step, "__qualname__", "apply_audit_retention"))


async def apply_audit_retention(built: Services) -> None:
    """Delete the days of the audit log that are older than the operator's setting."""
    days = built.settings.audit_retention_days
    if days:
        deleted = await built.audit_chain.forget_before((built.clock.now() - timedelta(days=days)).date())
        if deleted:
            _log.info("audit_rows_taken_away", rows=deleted, older_than_days=days)


async def _purge_hourly(built: Services) -> None:
    while True:
        await asyncio.sleep(_HOUR)
        await purge(built)


def begin_traces(built: Services) -> None:
    """Begin to send spans to the operator's collector."""
    tracing.begin(built.settings.traces_endpoint, __version__)
    built.database.trace_statements()
    built.redis.trace_commands()
