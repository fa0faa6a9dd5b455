"""Whose password is hashed next when more are asked for than there are threads."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.ip_addresses import address_bucket

_T = TypeVar("_T")
_LONGEST, _LONGEST_OF_ONE = 256, 64


class Purpose(StrEnum):
    """What a password is hashed for."""

    CHECKING = "checking"
    CHOOSING = "choosing"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a hash, and what for; without an address, it is the server itself or its operator."""

    purpose: Purpose = Purpose.CHECKING
    address: str = ""


def checking(context: RequestContext) -> Asker:
    """Return the asker of a sign-in, or of anything else that shows a password."""
    return Asker(Purpose.CHECKING, address_bucket(context.ip))


def choosing(context: RequestContext) -> Asker:
    """Return the asker of a registration, or of anything else that sets a password."""
    return Asker(Purpose.CHOOSING, address_bucket(context.ip))


class HashQueue:
    """Gives the threads to purposes in turn, and within one to addresses in turn.

    So whoever sends many at once waits for themselves: others are next but one, however long that queue is.
    """

    def __init__(self, executor: Executor, threads: int) -> None:
        self._executor, self._free = executor, threads
        self._waiting: OrderedDict[Purpose, OrderedDict[str, deque[asyncio.Future[None]]]] = OrderedDict()
        self._count = Counter[str]()

    async def run(self, asker: Asker, work: Callable[[], _T]) -> _T:
        """Return what `work` does in a thread, once it is the asker's turn.

        Raises:
            Unavailable: 256 are waiting already, or 64 of this address.
        """
        await self._turn(asker)
        job = asyncio.get_running_loop().run_in_executor(self._executor, work)
        # When it has ended, and not when nobody waits for it any more: the thread is busy until then.
        job.add_done_callback(lambda _: self._pass_on())
        return await asyncio.shield(job)

    async def _turn(self, asker: Asker) -> None:
        if self._free:
            self._free -= 1
            return
        if self._count.total() >= _LONGEST or self._count[asker.address] >= _LONGEST_OF_ONE:
            raise Unavailable(retry_after=5)
        mine = asyncio.get_running_loop().create_future()
        of_purpose = self._waiting.setdefault(asker.purpose, OrderedDict())
        of_purpose.setdefault(asker.address, deque()).append(mine)
        self._count[asker.address] += 1
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it had just been given a turn
                self._pass_on()
            raise
        finally:
            self._count[asker.address] -= 1
            if not self._count[asker.address]:
                del self._count[asker.address]

    def _pass_on(self) -> None:
        """Give a thread that has become free to the next, or keep it."""
        while self._waiting:
            purpose, of_purpose = self._waiting.popitem(last=False)
            address, of_address = of_purpose.popitem(last=False)
            next_one = of_address.popleft()
            if of_address:
                of_purpose[address] = of_address
            if of_purpose:
                self._waiting[purpose] = of_purpose
            if not next_one.done():
                next_one.set_result(None)
                return
        self._free += 1
