"""Fair scheduling of password hashing when more hashes are requested than there are threads."""

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
    """The source and purpose of a hash; without an address, it is the server itself or its operator."""

    purpose: Purpose = Purpose.CHECKING
    address: str = ""


def checking(context: RequestContext) -> Asker:
    """Return the asker of a sign-in, or of any other request that presents a password."""
    return Asker(Purpose.CHECKING, address_bucket(context.ip))


def choosing(context: RequestContext) -> Asker:
    """Return the asker of a registration, or of any other request that sets a password."""
    return Asker(Purpose.CHOOSING, address_bucket(context.ip))


class HashQueue:
    """Assigns threads to purposes in turn, and within a purpose to addresses in turn.

    A client that queues many requests therefore delays only itself: within a purpose, a request from another
    address waits for at most one of them, however long that queue is.
    """

    def __init__(self, executor: Executor, threads: int) -> None:
        self._executor, self._free = executor, threads
        self._waiting: OrderedDict[Purpose, OrderedDict[str, deque[asyncio.Future[None]]]] = OrderedDict()
        self._count = Counter[str]()

    async def run(self, asker: Asker, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread once it is the asker's turn and return its result.

        Raises:
            Unavailable: 256 requests are waiting already, or 64 from this address.
        """
        await self._turn(asker)
        job = asyncio.get_running_loop().run_in_executor(self._executor, work)
        # When the job has ended, not when its caller stops waiting: the thread is busy until then.
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
            if mine.done() and not mine.cancelled():  # it had just been assigned a thread
                self._pass_on()
            raise
        finally:
            self._count[asker.address] -= 1
            if not self._count[asker.address]:
                del self._count[asker.address]

    def _pass_on(self) -> None:
        """Assign a free thread to the next request in turn, or mark it as available."""
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
