"""Couriers that race, crash, fail and restart: no email is lost, and none is sent twice."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from autograph_web.container import Services, build_services
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.mail import store
from autograph_web.mail.courier import Courier, Outcome
from autograph_web.mail.message import MailMessage
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.store import OUTBOX
from autograph_web.mail.transport import Envelope, PermanentFailure, TransientFailure
from autograph_web.settings import Settings
from tests.support.servers.dying_server import LETTER
from tests.support.servers.inspection import statements
from tests.support.services.clock import FakeClock
from tests.support.services.factories import STRANGERS_SECRET, how_many, rows
from tests.support.services.randomness import RecordedEntropy

CLAIM_S = 180
ROOT = Path(__file__).parents[3]


class Notebook:
    """A carrier that records what it was given, after a moment."""

    def __init__(self, *, moment: float = 0.0) -> None:
        self.carried: list[str] = []
        self.letters: list[MailMessage] = []
        self._moment = moment

    async def carry(self, parcel: Envelope) -> None:
        await asyncio.sleep(self._moment)
        self.carried.append(parcel.message_id)
        self.letters.append(parcel.letter)


class Failing:
    """A carrier that raises an error of its own."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def carry(self, parcel: Envelope) -> None:
        raise self._error


class AwayAtFirst:
    """A carrier whose server is unavailable at first."""

    def __init__(self, then: Notebook) -> None:
        self._then, self._tries = then, 0

    async def carry(self, parcel: Envelope) -> None:
        self._tries += 1
        if self._tries == 1:
            raise TransientFailure("away")
        await self._then.carry(parcel)


@pytest.fixture
async def quiet(services: Services) -> Services:
    """Services whose own courier is stopped."""
    await services.courier.close()
    return services


def courier(services: Services, carrier: object, clock: FakeClock) -> Courier:
    return Courier(services.database, services.outbox, carrier, clock, RecordedEntropy())  # pyright: ignore[reportArgumentType]


async def post(services: Services, count: int = 1) -> None:
    async with services.database.unit() as connection:
        for number in range(count):
            letter = MailMessage(f"mina{number}@northwind.dev", "Hello", ("Hello.",))
            await services.outbox.post(connection, letter)


async def drain(one: Courier) -> None:
    while await one.deliver_one() is not Outcome.NOTHING:
        pass


@pytest.fixture
async def workers(
    settings: Settings, clock: FakeClock, quiet: Services
) -> AsyncGenerator[list[tuple[Courier, Notebook]]]:
    """Four couriers as in four processes: each with its own database pool."""
    async with AsyncExitStack() as stack:
        made: list[tuple[Courier, Notebook]] = []
        for _ in range(4):
            services = build_services(settings, clock)
            stack.push_async_callback(services.close)
            notebook = Notebook(moment=0.01)
            made.append((courier(services, notebook, clock), notebook))
        yield made


async def test_of_many_couriers_each_letter_is_carried_by_one(
    quiet: Services, workers: list[tuple[Courier, Notebook]]
) -> None:
    await post(quiet, 30)
    await asyncio.gather(*(drain(one) for one, _ in workers for _ in range(3)))

    carried = Counter(name for _, notebook in workers for name in notebook.carried)
    assert len(carried) == 30
    assert set(carried.values()) == {1}
    assert all(row.sent_at and row.attempts == 1 for row in await rows(quiet, OUTBOX))


@pytest.mark.slow
async def test_of_twenty_claims_of_one_letter_one_wins(
    quiet: Services, workers: list[tuple[Courier, Notebook]], clock: FakeClock
) -> None:
    for _ in range(5):
        await post(quiet)
        outcomes = await asyncio.gather(*(workers[number % 4][0].deliver_one() for number in range(20)))
        assert Counter(outcomes) == {Outcome.DONE: 1, Outcome.NOTHING: 19}


def die(when: str, database_url: str, data_dir: Path) -> None:
    """Run a server until it prints that the moment has come, and kill it."""
    command = [sys.executable, "-m", "tests.support.servers.dying_server", when, database_url, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.kill()


@pytest.mark.slow
async def test_a_server_killed_after_the_commit_has_its_letter_sent_once_by_another(
    quiet: Services, database_url: str, clock: FakeClock, tmp_path: Path
) -> None:
    await asyncio.to_thread(die, "after the commit", database_url, tmp_path / "dead")
    clock.advance(60)
    first, second = Notebook(), Notebook()
    await asyncio.gather(drain(courier(quiet, first, clock)), drain(courier(quiet, second, clock)))

    [row] = await rows(quiet, OUTBOX)
    assert first.carried + second.carried == [row.message_id]
    assert first.letters + second.letters == [LETTER]


@pytest.mark.slow
async def test_a_server_killed_before_the_commit_sends_nothing(
    quiet: Services, database_url: str, clock: FakeClock, tmp_path: Path
) -> None:
    await asyncio.to_thread(die, "before the commit", database_url, tmp_path / "dead")
    clock.advance(60)
    notebook = Notebook()
    await drain(courier(quiet, notebook, clock))

    assert notebook.carried == []
    assert await how_many(quiet, OUTBOX) == 0


@pytest.mark.slow
async def test_a_letter_in_the_hands_of_a_killed_server_is_taken_up_when_its_claim_lapses(
    quiet: Services, database_url: str, clock: FakeClock, tmp_path: Path
) -> None:
    await asyncio.to_thread(die, "with the letter", database_url, tmp_path / "dead")
    notebook = Notebook()
    again = courier(quiet, notebook, clock)
    [before] = await rows(quiet, OUTBOX)
    assert before.claimed_until is not None
    clock.advance(max(0.0, (before.due_at - clock.now()).total_seconds()) + 1)
    assert await again.deliver_one() is Outcome.NOTHING
    clock.advance(CLAIM_S + 60)
    assert await again.deliver_one() is Outcome.DONE

    [row] = await rows(quiet, OUTBOX)
    assert notebook.carried == [row.message_id] == [before.message_id]
    assert row.attempts == 2


async def test_the_running_courier_sends_what_a_dead_one_left(
    settings: Settings, quiet: Services, clock: FakeClock
) -> None:
    await post(quiet, 3)
    notebook = Notebook()
    other = courier(quiet, notebook, clock)
    other.start()
    async with asyncio.timeout(10):
        while len(notebook.carried) < 3:  # noqa: ASYNC110  (the event is another task)
            await asyncio.sleep(0.01)
    await other.close()
    assert all(row.sent_at for row in await rows(quiet, OUTBOX))


@pytest.mark.slow
async def test_a_letter_that_was_put_off_is_tried_when_its_pause_is_over(quiet: Services) -> None:
    notebook = Notebook()
    running = Courier(quiet.database, quiet.outbox, AwayAtFirst(notebook), SystemClock(), SystemRandomness())
    running.start()
    await post(quiet)
    async with asyncio.timeout(10):  # earlier than the periodic check would find it
        while not notebook.carried:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
    await running.close()


class Latest:
    """Randomness that always returns the highest value."""

    def bytes(self, size: int) -> bytes:
        return b"\xff" * size


async def test_a_letter_leaves_a_moment_after_what_it_tells_of(quiet: Services) -> None:
    """A request that directly follows the first one does not compete with the sending of its email."""
    notebook = Notebook()
    running = Courier(quiet.database, quiet.outbox, notebook, SystemClock(), Latest())
    async with asyncio.timeout(10):
        with statements(quiet) as seen:
            running.start()
            while sum("min(" in one for one in seen) < 2:  # noqa: ASYNC110  (both hands have looked)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # and found nothing
        posted = asyncio.get_running_loop().time()
        await post(quiet)
        while not notebook.carried:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
    await running.close()
    assert asyncio.get_running_loop().time() - posted >= 0.45


@pytest.mark.slow
async def test_closing_does_not_wait_for_a_carrier_that_stalls(quiet: Services, clock: FakeClock) -> None:
    await post(quiet)
    notebook = Notebook(moment=3600)
    stalled = courier(quiet, notebook, clock)
    stalled.start()
    async with asyncio.timeout(10):
        while (await rows(quiet, OUTBOX))[0].claimed_until is None:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
        await stalled.close()

    clock.advance(CLAIM_S + 1)
    assert await courier(quiet, Notebook(), clock).deliver_one() is Outcome.DONE


async def test_a_courier_that_was_too_slow_takes_nothing_back_from_its_successor(
    quiet: Services, clock: FakeClock
) -> None:
    await post(quiet)
    async with quiet.database.unit() as connection:
        late = await store.claim(connection, clock.now(), clock.now() + timedelta(seconds=1))
    clock.advance(2)
    await drain(courier(quiet, Notebook(), clock))
    assert late is not None
    async with quiet.database.unit() as connection:
        await store.postpone(connection, late, clock.now(), "SMTP 451")
        await store.give_up(connection, late, clock.now(), "SMTP 550")

    [row] = await rows(quiet, OUTBOX)
    assert (row.failed_at, row.due_at, row.last_error) == (None, None, None)
    assert row.sent_at is not None


async def test_a_fault_of_ours_postpones_the_letter(quiet: Services, clock: FakeClock) -> None:
    await post(quiet)
    with capture_logs() as logs:
        broken = courier(quiet, Failing(ZeroDivisionError("mina0@northwind.dev")), clock)
        assert await broken.deliver_one() is Outcome.SETBACK

    [row] = await rows(quiet, OUTBOX)
    assert (row.last_error, row.failed_at) == ("ZeroDivisionError", None)
    assert [line["event"] for line in logs] == ["letter_not_carried", "letter_postponed"]
    assert "test_courier.py:" in logs[0]["at"]
    assert "northwind" not in str(logs)


async def test_a_letter_whose_key_is_gone_is_seen_to_have_failed(quiet: Services, clock: FakeClock) -> None:
    await post(quiet)
    stranger = Outbox(
        quiet.database,
        Encryptor(Keyring([STRANGERS_SECRET], "letters"), SystemRandomness()),
        clock,
        SystemRandomness(),
        "A <a@northwind.dev>",
    )
    notebook = Notebook()
    await drain(Courier(quiet.database, stranger, notebook, clock, SystemRandomness()))

    [row] = await rows(quiet, OUTBOX)
    assert (row.last_error, row.failed_at) == ("DecryptionError", clock.now())
    assert notebook.carried == []


async def test_one_letter_that_fails_holds_up_no_other(quiet: Services, clock: FakeClock) -> None:
    class Picky(Notebook):
        async def carry(self, parcel: Envelope) -> None:
            if parcel.letter.to.startswith("mina0"):
                raise PermanentFailure("SMTP 550")
            if parcel.letter.to.startswith("mina1"):
                raise TransientFailure("SMTP 451")
            await super().carry(parcel)

    await post(quiet, 5)
    picky = Picky()
    await drain(courier(quiet, picky, clock))

    assert len(picky.carried) == 3
    assert {row.last_error for row in await rows(quiet, OUTBOX)} == {None, "SMTP 550", "SMTP 451"}


@pytest.mark.slow
async def test_a_letter_that_is_out_is_marked_when_the_database_is_back(
    quiet: Services, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked, tries = store.mark_sent, 0

    async def away_at_first(*given: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable(retry_after=1)
        await marked(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(store, "mark_sent", away_at_first)
    await post(quiet)
    notebook = Notebook()
    await drain(courier(quiet, notebook, clock))

    assert (len(notebook.carried), tries) == (1, 2)
    assert (await rows(quiet, OUTBOX))[0].sent_at is not None
