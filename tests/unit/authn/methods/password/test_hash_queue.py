"""Whose password is hashed next."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograph_web.authn.methods.password.hash_queue import Asker, HashQueue, Purpose, checking, choosing
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import Unavailable

CHECKING, CHOOSING = Purpose.CHECKING, Purpose.CHOOSING


class Bench:
    """One thread, held until `go`, and the order in which it worked."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self.queue, self.order = HashQueue(executor, 1), list[str]()
        self._go = threading.Event()

    async def hold(self) -> "asyncio.Task[None]":
        """Keep the thread busy."""
        task = asyncio.create_task(self.queue.run(Asker(), self._held))
        await asyncio.sleep(0)
        return task

    def ask(self, asker: Asker, name: str) -> "asyncio.Task[None]":
        return asyncio.create_task(self.queue.run(asker, lambda: self.order.append(name)))

    def go(self) -> None:
        self._go.set()

    def _held(self) -> None:
        self._go.wait(10)


@pytest.fixture
def bench() -> Generator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        bench = Bench(executor)
        yield bench
        bench.go()


async def test_who_sends_many_waits_for_themselves(bench: Bench) -> None:
    held = await bench.hold()
    many = [bench.ask(Asker(CHOOSING, "203.0.113.7"), "flood") for _ in range(60)]
    await asyncio.sleep(0)
    others = [bench.ask(Asker(CHOOSING, f"198.51.100.{n}"), f"registers {n}") for n in range(3)]
    person = bench.ask(Asker(CHECKING, "192.0.2.4"), "signs in")
    await asyncio.sleep(0)
    bench.go()
    await asyncio.gather(held, *many, *others, person)

    # The two purposes alternate, and within each the addresses take turns.
    assert bench.order[:2] == ["flood", "signs in"]
    assert bench.order[2:6] == ["registers 0", "registers 1", "registers 2", "flood"]
    assert len(bench.order) == 64


async def test_addresses_take_turns_within_a_purpose(bench: Bench) -> None:
    held = await bench.hold()
    tasks = [bench.ask(Asker(CHECKING, address), address) for address in "aaaabbc"]
    await asyncio.sleep(0)
    bench.go()
    await asyncio.gather(held, *tasks)

    assert "".join(bench.order) == "abcabaa"


async def test_an_address_has_sixty_four_places_and_all_together_256(bench: Bench) -> None:
    held = await bench.hold()
    tasks = [bench.ask(Asker(CHECKING, f"{n % 4}"), "x") for n in range(256)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await bench.queue.run(Asker(CHECKING, "another"), lambda: None)
    bench.go()
    await asyncio.gather(held, *tasks)

    held = asyncio.create_task(bench.queue.run(Asker(), lambda: threading.Event().wait(0.2)))
    await asyncio.sleep(0)
    tasks = [bench.ask(Asker(CHOOSING, "one"), "y") for _ in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await bench.queue.run(Asker(CHECKING, "one"), lambda: None)
    await asyncio.gather(bench.queue.run(Asker(CHECKING, "two"), lambda: None), held, *tasks)


async def test_who_gives_up_leaves_their_place_and_no_thread_is_lost(bench: Bench) -> None:
    held = await bench.hold()
    impatient = [bench.ask(Asker(CHECKING, "a"), "gave up") for _ in range(5)]
    patient = bench.ask(Asker(CHECKING, "a"), "waited")
    await asyncio.sleep(0)
    for task in (*impatient, held):
        task.cancel()
    await asyncio.sleep(0)
    assert not patient.done(), "the thread is busy for as long as its work, whoever waits for it"
    bench.go()
    await patient
    await bench.queue.run(Asker(), lambda: bench.order.append("last"))

    assert bench.order == ["waited", "last"]


async def test_a_fault_frees_the_thread(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        await bench.queue.run(Asker(), lambda: 1 // 0)
    await bench.queue.run(Asker(), lambda: bench.order.append("next"))

    assert bench.order == ["next"]


def test_a_household_is_one_address() -> None:
    mine, theirs = (RequestContext(f"2001:db8::{end}", "", "") for end in ("1", "ffff"))

    assert checking(mine) == checking(theirs) == Asker(CHECKING, "2001:db8::/64")
    assert choosing(mine).purpose is CHOOSING
