"""What the flags say now, to whom, and how they come to say otherwise."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags import store
from autograph_web.flags.inputs import EVERYBODY, Wish
from autograph_web.flags.table import FLAGS, Flag, V
from autograph_web.infra.background import end
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.client import RedisClient, RedisDown

_log = structlog.get_logger(__name__)

# A change is in force at once in its own process, and in others when they hear of it over Redis. Whether they
# listen or not, they read again after so many seconds: a message may be lost.
_CHANNEL = "flags_changed"
_LISTENING_S, _DEAF_S = 10.0, 1.0
_CLOSING_S = 3.0
Leave = Callable[[AsyncConnection], Awaitable[None]]
_TRIES = 3  # of two who switch one flag for the first time, the second starts over and finds it switched


@dataclass(frozen=True, slots=True)
class Switched:
    """What an operator has switched a flag to: its word, for a share of the accounts in percent."""

    word: str
    percent: int
    at: datetime
    by: str

    @classmethod
    def of(cls, row: Row[Any]) -> "Switched":
        """Return what a row holds."""
        return cls(row.value, row.percent, row.changed_at, row.changed_by)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a flag stands: its default by the settings, and what it was switched to, if it was."""

    flag: Flag[Any]
    default: str
    switched: Switched | None

    @property
    def word(self) -> str:
        """What the flag says to those it was switched for, or to all."""
        return self.switched.word if self.switched else self.default

    @property
    def percent(self) -> int:
        """To which share of the accounts it says that."""
        return self.switched.percent if self.switched else EVERYBODY

    @property
    def in_words(self) -> str:
        """Return what it says and to whom, as the audit log keeps it."""
        if self.switched is None:
            return f"{self.default} (default)"
        return self.word if self.percent == EVERYBODY else f"{self.word} for {self.percent} %"


class Flags:
    """Answers from a copy in the process, which is read anew when a change is announced over Redis."""

    def __init__(self, deps: UseCaseContext, defaults: Mapping[str, Any], redis: RedisClient) -> None:
        self._deps, self._defaults, self._redis = deps, defaults, redis
        self._copy: Mapping[str, Switched] | None = None
        self._lost = self._listening = False
        self._changed, self._closing = asyncio.Event(), asyncio.Event()

    def of(self, flag: Flag[V], user_id: UUID | None = None) -> V:
        """Return what `flag` says, to the account `user_id` if it says different things to different ones.

        Raises:
            Unavailable: What was switched could not be read yet, and is not guessed.
        """
        if self._copy is None:
            raise Unavailable(retry_after=1)
        switched = self._copy.get(flag.name)
        if switched is not None and switched.word in flag.choices and _is_meant(flag, switched, user_id):
            return flag.choices[switched.word]
        return cast(V, self._defaults[flag.name])

    async def all(self) -> list[Standing]:
        """Return how every flag stands, in the order of the table.

        Raises:
            Unavailable: The database is away.
        """
        copy = await self.read()
        return [self._standing(flag, copy.get(flag.name)) for flag in FLAGS]

    async def change(
        self,
        context: RequestContext,
        actor: str,
        wish: Wish,
        user_id: UUID | None = None,
        leave: Leave | None = None,
    ) -> Standing:
        """Switch a flag; `actor`, and `user_id` if that is an account, is who wants it.

        To wish what is so already changes nothing, and nothing is written down. `leave` refuses, in the same
        unit of work, whoever may not.

        Raises:
            Unavailable: The database is away; nothing changed.
        """
        for _ in range(_TRIES):
            with suppress(IntegrityError):
                await self._switch(context, actor, wish, user_id, leave or _everybody)
                break
        else:
            raise Unavailable(retry_after=1)
        with suppress(RedisDown):  # the others then read it within seconds
            await self._redis.publish(_CHANNEL, wish.flag.name)
        return self._standing(wish.flag, (await self.read()).get(wish.flag.name))

    async def read(self) -> Mapping[str, Switched]:
        """Read what was switched, for all that is asked from now on.

        Raises:
            Unavailable: The database is away; the copy stays as it is.
        """
        async with self._deps.database.read() as connection:
            rows = await store.every(connection)
        self._copy = {row.name: Switched.of(row) for row in rows}
        return self._copy

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncGenerator[None]:
        """Read once, and then whenever it may be needed until the block ends; a process needs this once."""
        await self._read_if_possible()
        reading, listening = asyncio.create_task(self._keep_reading()), asyncio.create_task(self._listen())
        try:
            yield
        finally:
            # A read that is under way is not cut off: its connection would be lost.
            self._closing.set()
            self._changed.set()
            await asyncio.wait([reading], timeout=_CLOSING_S)
            await end([reading, listening])

    async def _keep_reading(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                seconds = _LISTENING_S if self._listening and not self._lost else _DEAF_S
                async with asyncio.timeout(seconds):  # unlike wait_for, it never swallows that we are to end
                    await self._changed.wait()
            # Before the read: what is announced after it must not be missed.
            self._changed.clear()
            if not self._closing.is_set():
                await self._read_if_possible()

    async def _listen(self) -> None:
        async with aclosing(self._redis.listen(_CHANNEL, self._note_listening)) as messages:
            async for _ in messages:
                self._changed.set()

    def _note_listening(self, listening: bool) -> None:
        if listening is not self._listening:  # what was announced in between was not heard
            self._listening = listening
            self._changed.set()

    async def _read_if_possible(self) -> None:
        try:
            await self.read()
            self._lost = False
        except Exception as error:  # noqa: BLE001  (whatever it was, the next look deserves a try)
            if not self._lost:  # once is enough for one outage
                _log.warning("flags_not_read", error=error.__class__.__name__)
            self._lost = True

    @retried
    async def _switch(
        self, context: RequestContext, actor: str, wish: Wish, user_id: UUID | None, leave: Leave
    ) -> None:
        async with self._deps.database.unit() as connection:
            await leave(connection)
            await self._change(connection, context, actor, wish, user_id)

    async def _change(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        actor: str,
        wish: Wish,
        user_id: UUID | None,
    ) -> None:
        row = await store.hold(connection, wish.flag.name)
        before = Switched.of(row) if row else None
        after = Switched(wish.word, wish.percent, self._deps.clock.now(), actor) if wish.word else None
        if _what(before) == _what(after):
            return
        await _write(connection, wish.flag.name, before, after)
        await self._deps.audit_log.record(
            connection,
            Kind.FLAG_CHANGED,
            context,
            user_id=user_id,
            actor=actor,
            flag=wish.flag.name,
            before=self._standing(wish.flag, before).in_words,
            after=self._standing(wish.flag, after).in_words,
        )

    def _standing(self, flag: Flag[Any], switched: Switched | None) -> Standing:
        return Standing(flag, flag.word_of(self._defaults[flag.name]), switched)


def share_of(flag: Flag[Any], user_id: UUID) -> int:
    """Return where an account stands among the hundred shares of a flag: always the same place.

    Every flag deals them anew, so that it is not the same people who get everything first; and whoever has
    what is given to 10 % keeps it at 20 %.
    """
    digest = sha256(f"{flag.name}\n{user_id.hex}".encode("ascii")).digest()
    return int.from_bytes(digest[:8]) % EVERYBODY


async def _everybody(_connection: AsyncConnection) -> None:
    """Let whoever is at the command line pass."""


def _is_meant(flag: Flag[Any], switched: Switched, user_id: UUID | None) -> bool:
    if switched.percent >= EVERYBODY:
        return True
    return user_id is not None and share_of(flag, user_id) < switched.percent


def _what(switched: Switched | None) -> tuple[str, int] | None:
    return (switched.word, switched.percent) if switched else None


async def _write(
    connection: AsyncConnection, name: str, before: Switched | None, after: Switched | None
) -> None:
    if after is None:
        await store.remove(connection, name)
        return
    values = {
        "name": name,
        "value": after.word,
        "percent": after.percent,
        "changed_at": after.at,
        "changed_by": after.by,
    }
    await (store.replace if before else store.add)(connection, values)
