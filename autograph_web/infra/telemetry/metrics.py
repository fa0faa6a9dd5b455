"""Metrics of this server for Prometheus; all of its processes contribute to the same metrics.

The worker processes store their metrics in files of one folder, mapped into memory: no count is lost when a
worker dies (docs/decisions/0027-figures.md). Metrics contain no personal data, and every label has few
values, all of them defined by us.
"""

import fcntl
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import structlog

if TYPE_CHECKING:  # imported on first use, when it is known whether metrics are shared
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.registry import Collector

_log = structlog.get_logger(__name__)
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_MARK = "worker-{}.alive"
_FILE_OF_PROCESS = re.compile(r"_(\d+)\.db$")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of `expose` (Prometheus text format)."""


class Meters:
    """All metrics that are updated by events; times are in seconds."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415

        def counter(name: str, about: str, *labels: str) -> "Counter":
            return Counter(f"autograph_{name}", about, labels, registry=registry)

        def gauge(name: str, about: str, *labels: str) -> "Gauge":
            mode = "livesum"  # the current values of dead workers no longer count
            return Gauge(f"autograph_{name}", about, labels, registry=registry, multiprocess_mode=mode)

        def times(name: str, about: str, *labels: str, buckets: Iterable[float] = _QUICK) -> "Histogram":
            return Histogram(f"autograph_{name}", about, labels, registry=registry, buckets=tuple(buckets))

        self.events = counter("events", "Events written to the audit log, by kind.", "kind", "group")
        self.limited = counter("limit_refusals", "Attempts rejected by a rate limit, by limit.", "limit")
        self.requests = times(
            "request_duration_seconds",
            "Requests, by method, route template and class of status.",
            *("method", "route", "status"),
        )
        self.page_events = times(
            "page_event_duration_seconds",
            "Events of the pages, by handler and outcome, without the wait for a tab's earlier event.",
            *("handler", "outcome"),
        )
        self.websockets = gauge("websockets", "Open websockets of pages.")
        self.websockets_refused = counter("websockets_refused", "Websockets refused.", "reason")
        self.hashes_waiting = gauge("hash_queue", "Password hashes queued or being computed.")
        self.hash_wait = times("hash_wait_seconds", "How long a hash waited for a thread.", buckets=_SLOW)
        self.hash_time = times("hash_duration_seconds", "How long a hash took to compute.", buckets=_SLOW)
        self.letters = counter("letters", "Attempts to deliver an email, by outcome.", "outcome")
        self.connections = gauge("database_connections_in_use", "Connections to the database in use.")
        self.connections_most = gauge("database_connections_max", "Connections the pools may open.")


@cache
def registry() -> "CollectorRegistry":
    """Return the metrics registry of this process."""
    from prometheus_client import CollectorRegistry, disable_created_metrics  # noqa: PLC0415

    from autograph_web.infra.telemetry.metric_files import use_figure_files  # noqa: PLC0415

    use_figure_files()
    disable_created_metrics()  # creation times are not needed, and double the size of the output
    return CollectorRegistry()


@cache
def meters() -> Meters:
    """Return the metrics of this process."""
    return Meters(registry())


def load() -> None:
    """Import the library now, so that the processes forked later share its memory."""
    import_module("prometheus_client")


def prepare(folder: Path) -> None:
    """Prepare `folder` for the metrics of a server that is about to start; all counts begin at zero.

    On a full disk the server starts nevertheless, and each process counts only for itself.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (*folder.glob("*.db"), *folder.glob(_MARK.format("*"))):
            file.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("figures_not_shared", error=type(error).__name__, number=error.errno)


class MetricsExposition:
    """Renders the metrics of all processes that share `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark: TextIOWrapper | None = None

    def join(self) -> None:
        """Mark this process as alive; the mark disappears when it dies."""
        if not _shared() or self._mark is not None:
            return
        self._leave_a_mark()
        for file in self._folder.glob(f"gauge_live*_{getpid()}.db"):
            file.unlink()  # of a dead worker that had our process id

    def leave(self) -> None:
        """Remove the mark of this process; its counts are kept."""
        if self._mark is not None:
            self._mark.close()
            self._mark = None

    def workers(self) -> list[int]:
        """Return the process ids of the live workers, this one first."""
        if self._mark is None:
            return [getpid()]
        marks = self._folder.glob(_MARK.format("*"))
        others = [int(mark.name.split("-")[1].split(".")[0]) for mark in marks if _is_held(mark)]
        return [getpid(), *sorted(pid for pid in others if pid != getpid())]

    def expose(self, further: Iterable[Any]) -> bytes:
        """Return the text for Prometheus: the metrics, and the `further` metric families."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

        meters()
        whole = CollectorRegistry()
        whole.register(cast("Collector", self._collector()))
        whole.register(cast("Collector", _Families(further)))
        return generate_latest(whole)

    def _leave_a_mark(self) -> None:
        with suppress(OSError):  # a full disk; retried at the next scrape
            # A lock and not only the process id, which may be reused by another program: the kernel releases
            # the lock when the process dies.
            mark = (self._folder / _MARK.format(getpid())).open("w")
            fcntl.flock(mark, fcntl.LOCK_EX)
            self._mark = mark

    def _collector(self) -> Any:
        if self._mark is None and _shared():
            self._leave_a_mark()
        if self._mark is None:
            return registry()
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        self._forget_the_dead()
        return MultiProcessCollector(None, str(self._folder))

    def _forget_the_dead(self) -> None:
        """Remove the current values of dead workers; their counts are kept in other files."""
        alive = set(self.workers())
        for file in self._folder.glob("gauge_live*.db"):
            found = _FILE_OF_PROCESS.search(file.name)
            if found and int(found[1]) not in alive:
                file.unlink(missing_ok=True)


class _Families:
    """Metric families created elsewhere, as a collector for the library."""

    def __init__(self, families: Iterable[Any]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Any]:
        """Yield the metric families."""
        yield from self._families


def _shared() -> bool:
    """Return True if metrics are shared in files, as the environment specified at import of the library."""
    from prometheus_client import values  # noqa: PLC0415

    return bool(getattr(values.ValueClass, "_multiprocess", False))


def _is_held(mark: Path) -> bool:
    """Return True if the process that created `mark` is alive; otherwise remove the mark."""
    with suppress(FileNotFoundError), mark.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        mark.unlink(missing_ok=True)
    return False
