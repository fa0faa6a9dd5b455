"""Metrics that several processes share: none is lost with a worker, and a dead one adds nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from textwrap import dedent

import pytest

from autograph_web.infra.telemetry.metrics import prepare
from tests.support.metrics.scraping import parse, value
from tests.support.product.sources import ROOT
from tests.support.servers.small_disk import on_small_disk

WORKER = dedent(
    """
    import sys
    from pathlib import Path
    from autograph_web.infra.telemetry.metrics import MetricsExposition, meters
    from tests.support.servers.small_disk import fill, free
    shown = MetricsExposition(Path(sys.argv[1]))
    shown.join()
    meters().connections_most.set(10)
    for line in sys.stdin:
        match line.split():
            case ["event", number]:
                meters().events.labels("login_success", "sign_in").inc(int(number))
            case ["time", seconds]:
                meters().hash_time.observe(float(seconds))
            case ["connect"]:
                meters().websockets.inc()
            case ["workers"]:
                print(len(shown.workers()))
            case ["expose"]:
                print(shown.expose([]).decode(), end="")
            case ["fill"]:
                fill(Path(sys.argv[1]))
            case ["free"]:
                free(Path(sys.argv[1]))
            case ["routes", number]:
                for place in range(int(number)):
                    meters().requests.labels("GET", f"/{place}", "2xx").observe(0.1)
            case ["leave"]:
                shown.leave()
        print("done", flush=True)
    """
)


class Worker:
    """A process that counts."""

    def __init__(self, folder: Path, *launcher: str) -> None:
        self.process = subprocess.Popen(
            [*launcher, sys.executable, "-c", WORKER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        )

    def do(self, command: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        lines: list[str] = []
        while (line := self.process.stdout.readline()) != "done\n":
            assert line, "the worker is gone"
            lines.append(line)
        return "".join(lines)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def figure(self, name: str, **labels: str) -> float:
        return value(parse(self.do("expose")), name, **labels)


Hire = Callable[..., Worker]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the workers of one server keep their metrics."""
    prepare(tmp_path / "metrics" / "3000")
    return tmp_path / "metrics" / "3000"


@pytest.fixture
def hire(folder: Path) -> Generator[Hire]:
    """Starts workers; none outlives the test."""
    workers: list[Worker] = []

    def start(*launcher: str) -> Worker:
        workers.append(Worker(folder, *launcher))
        workers[-1].do("nothing")  # it has joined by then
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        for pipe in (worker.process.stdin, worker.process.stdout):
            assert pipe
            pipe.close()


EVENTS = {"kind": "login_success", "group": "sign_in"}


def test_every_worker_tells_of_all(hire: Hire) -> None:
    one, two = hire(), hire()
    one.do("event 3")
    two.do("event 4")
    two.do("time 0.2")
    for worker in (one, two):
        assert worker.figure("autograph_events_total", **EVENTS) == 7
        assert worker.figure("autograph_hash_duration_seconds_bucket", le="0.25") == 1
        assert worker.figure("autograph_hash_duration_seconds_count") == 1
        assert worker.figure("autograph_database_connections_max") == 20
        assert worker.do("workers") == "2\n"


@pytest.mark.slow
def test_what_a_killed_worker_counted_stays_and_what_it_held_is_gone(hire: Hire) -> None:
    one, two = hire(), hire()
    one.do("event 3")
    two.do("event 4")
    one.do("connect")
    two.do("connect")
    assert one.figure("autograph_websockets") == 2
    two.kill()

    assert one.do("workers") == "1\n"
    assert one.figure("autograph_websockets") == 1
    assert one.figure("autograph_database_connections_max") == 10
    assert one.figure("autograph_events_total", **EVENTS) == 7
    three = hire()
    three.do("event 1")
    assert three.figure("autograph_events_total", **EVENTS) == 8


def test_a_mark_without_a_process_is_ignored(hire: Hire, folder: Path) -> None:
    # A process with the id of a dead worker may belong to another program.
    (folder / f"worker-{os.getpid()}.alive").touch()
    worker = hire()

    assert worker.do("workers") == "1\n"
    assert not (folder / f"worker-{os.getpid()}.alive").exists()


def test_a_worker_that_leaves_takes_its_mark_along(hire: Hire) -> None:
    one, two = hire(), hire()
    two.do("leave")

    assert one.do("workers") == "1\n"


def test_a_new_server_begins_at_nought_in_a_private_folder(hire: Hire, folder: Path) -> None:
    one = hire()
    one.do("event 3")
    one.kill()
    prepare(folder)

    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700
    assert hire().figure("autograph_events_total", **EVENTS) == 0


def test_figures_that_find_no_room_end_nobody_and_are_written_down_once_there_is_some(
    hire: Hire, folder: Path
) -> None:
    worker = hire(*on_small_disk(folder, "1m"))
    worker.do("event 1")
    worker.do("fill")
    # The files were created while there was space: what fits into them is still counted there, the rest in
    # the memory of its process.
    worker.do("routes 400")
    worker.do("event 2")
    assert worker.figure("autograph_events_total", **EVENTS) == 3
    worker.do("free")
    worker.do("routes 400")

    seen = {"method": "GET", "route": "/399", "status": "2xx"}
    assert worker.figure("autograph_request_duration_seconds_count", **seen) == 2


def test_a_worker_that_starts_on_a_full_disk_counts_for_itself_until_there_is_room(
    hire: Hire, folder: Path
) -> None:
    full = 'head -c 2000000 /dev/zero > "$0"/filler 2>/dev/null; exec "$@"'
    worker = hire(*on_small_disk(folder, "1m"), "sh", "-c", full, str(folder))
    worker.do("event 2")
    worker.do("expose")
    worker.do("free")
    worker.do("event 1")

    assert worker.figure("autograph_events_total", **EVENTS) == 3
    assert worker.do("workers") == "1\n"
