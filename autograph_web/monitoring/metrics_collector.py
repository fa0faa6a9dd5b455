"""The metrics that are queried at scrape time, and the exposition of all metrics."""

import asyncio
import platform
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograph_web import __version__
from autograph_web.audit.chain.linker import ChainLinker
from autograph_web.audit.event_types import EventType
from autograph_web.audit.log import count_event
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.telemetry.metrics import MetricsExposition
from autograph_web.mail.courier import LETTER_OUTCOMES, note_letter
from autograph_web.mail.outbox import Outbox
from autograph_web.monitoring.health import Check, Health

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

_PATIENCE_S = 4.0
_PAGE_BYTES = resource.getpagesize()

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True, slots=True)
class MetricsCollector:
    """Combines the metrics counted by the processes with those queried from the database and the system."""

    exposition: MetricsExposition
    health: Health
    outbox: Outbox
    chain: ChainLinker

    def begin(self) -> None:
        """Register this process with the server's metrics, and initialize every labelled counter to zero."""
        self.exposition.join()
        for kind in EventType:
            count_event(kind, 0)
        for outcome in LETTER_OUTCOMES:
            note_letter(outcome, 0)

    def end(self) -> None:
        """Deregister this process; its counts are kept."""
        self.exposition.leave()

    async def text(self) -> bytes:
        """Return all metrics in the Prometheus text format; those that cannot be queried now are left out."""
        checks, found = await asyncio.gather(self.health.look(), self._looked_up())
        families = [*_of_checks(checks), *_of_workers(self.exposition.workers()), *found]
        return self.exposition.expose(families)

    async def _looked_up(self) -> "list[GaugeMetricFamily]":
        try:
            async with asyncio.timeout(_PATIENCE_S):
                standing, (unlinked, oldest) = await self.outbox.standing(), await self.chain.lag()
        except (Unavailable, TimeoutError):
            return []
        return [
            _gauge(
                "outbox_letters", "Emails not delivered yet.", *_of_letters(standing.waiting, standing.failed)
            ),
            _gauge(
                "outbox_oldest_seconds",
                "How long the oldest email has been queued.",
                ({}, standing.oldest_seconds),
            ),
            _gauge("audit_chain_unlinked", "Audit events without a link yet.", ({}, unlinked)),
            _gauge("audit_chain_lag_seconds", "How long the oldest of those has been waiting.", ({}, oldest)),
        ]


def _of_letters(waiting: int, failed: int) -> tuple[Sample, Sample]:
    return ({"state": "waiting"}, waiting), ({"state": "failed"}, failed)


def _of_checks(checks: list[Check]) -> "Iterator[GaugeMetricFamily]":
    standing = (({"part": check.name}, float(check.well)) for check in checks)
    yield _gauge("up", "Whether a part the server depends on is well: 1, or 0.", *standing)
    python = platform.python_version()
    about = "Which version runs; always 1."
    yield _gauge("build_info", about, ({"version": __version__, "python": python}, 1))


def _of_workers(workers: list[int]) -> "Iterator[GaugeMetricFamily]":
    yield _gauge("workers", "Worker processes that are alive.", ({}, len(workers)))
    sizes = ((pid, _resident_bytes(pid)) for pid in workers)
    known = [({"pid": str(pid)}, size) for pid, size in sizes if size]
    yield _gauge("worker_resident_bytes", "Memory of a worker, what it shares with others included.", *known)


def _resident_bytes(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 without /proc, or if the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def _gauge(name: str, about: str, *samples: Sample) -> "GaugeMetricFamily":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  (already loaded by the time this runs)

    labels = tuple(samples[0][0]) if samples else ()
    family = GaugeMetricFamily(f"autograph_{name}", about, labels=labels)
    for values, value in samples:
        family.add_metric(list(values.values()), value)
    return family
