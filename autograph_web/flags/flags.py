"""The current values of the flags for each account, and their changes."""

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

from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags import store
from autograph_web.flags.inputs import ALL_ACCOUNTS, FlagChange
from autograph_web.flags.table import FLAGS, Flag, V
from autograph_web.infra.background import end
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.client import RedisClient, RedisDown

_log = structlog.get_logger(__name__)

# A change takes effect at once in its own process, and in others when notified over Redis. Each process also
# reloads periodically, more often while not subscribed: a message may be lost.
_CHANNEL = "flags_changed"
_LISTENING_S, _DEAF_S = 10.0, 1.0
_CLOSING_S = 3.0
Authorization = Callable[[AsyncConnection], Awaitable[None]]
_TRIES = 3  # of two concurrent first changes of a flag, the second retries and finds the flag changed


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's override of a flag: its value, for a share of the accounts in percent."""

    word: str
    percent: int
    at: datetime
    by: str

    @classmethod
    def of(cls, row: Row[Any]) -> "Override":
        """Return the override in a row of the table."""
        return cls(row.value, row.percent, row.changed_at, row.changed_by)


@dataclass(frozen=True, slots=True)
class FlagState:
    """The state of a flag: its default from the settings, and its override, if any."""

    flag: Flag[Any]
    default: str
    switched: Override | None

    @property
    def word(self) -> str:
        """The flag's value for the accounts that the override applies to, or for all."""
        return self.switched.word if self.switched else self.default

    @property
    def percent(self) -> int:
        """The share of the accounts with this value, in percent."""
        return self.switched.percent if self.switched else ALL_ACCOUNTS

    @property
    def in_words(self) -> str:
        """The value and its share in words, as recorded in the audit log."""
        if self.switched is None:
            return f"{self.default} (default)"
        return self.word if self.percent == ALL_ACCOUNTS else f"{self.word} for {self.percent}%"


class Flags:
    """Evaluates flags from a copy in the process, which is reloaded when a change is announced over Redis."""

    def __init__(self, deps: UseCaseContext, defaults: Mapping[str, Any], redis: RedisClient) -> None:
        self._deps, self._defaults, self._redis = deps, defaults, redis
        self._copy: Mapping[str, Override] | None = None
        self._lost = self._listening = False
        self._changed, self._closing = asyncio.Event(), asyncio.Event()

    def of(self, flag: Flag[V], user_id: UUID | None = None) -> V:
        """Return the value of `flag`, for the account `user_id` if it differs between accounts.

        Raises:
            Unavailable: The overrides have not been loaded yet, and defaults must not be assumed.
        """
        if self._copy is None:
            raise Unavailable(retry_after=1)
        switched = self._copy.get(flag.name)
        if switched is not None and switched.word in flag.choices and _is_meant(flag, switched, user_id):
            return flag.choices[switched.word]
        return cast(V, self._defaults[flag.name])

    async def all(self) -> list[FlagState]:
        """Return the state of every flag, in the order of the table.

        Raises:
            Unavailable: The database is unavailable.
        """
        copy = await self.read()
        return [self._standing(flag, copy.get(flag.name)) for flag in FLAGS]

    async def change(
        self,
        context: RequestContext,
        actor: str,
        data: FlagChange,
        user_id: UUID | None = None,
        leave: Authorization | None = None,
    ) -> FlagState:
        """Change a flag on behalf of `actor`, and of the account `user_id` if the actor has one.

        A request that matches the current override changes nothing and is not audited. `leave` is called in
        the same unit of work and raises if the actor may not change flags.

        Raises:
            Unavailable: The database is unavailable; nothing changed.
        """
        for _ in range(_TRIES):
            with suppress(IntegrityError):
                await self._switch(context, actor, data, user_id, leave or _everybody)
                break
        else:
            raise Unavailable(retry_after=1)
        with suppress(RedisDown):  # other processes then reload within seconds
            await self._redis.publish(_CHANNEL, data.flag.name)
        return self._standing(data.flag, (await self.read()).get(data.flag.name))

    async def read(self) -> Mapping[str, Override]:
        """Load the overrides, which apply to every evaluation from now on.

        Raises:
            Unavailable: The database is unavailable; the copy is unchanged.
        """
        async with self._deps.database.read() as connection:
            rows = await store.every(connection)
        self._copy = {row.name: Override.of(row) for row in rows}
        return self._copy

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncGenerator[None]:
        """Load the overrides now, and keep them current until the block ends; needed once per process."""
        await self._read_if_possible()
        reading, listening = asyncio.create_task(self._keep_reading()), asyncio.create_task(self._listen())
        try:
            yield
        finally:
            # A read in progress is not cancelled, because its connection would be lost.
            self._closing.set()
            self._changed.set()
            await asyncio.wait([reading], timeout=_CLOSING_S)
            await end([reading, listening])

    async def _keep_reading(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                seconds = _LISTENING_S if self._listening and not self._lost else _DEAF_S
                async with asyncio.timeout(seconds):  # unlike wait_for, it never swallows a cancellation
                    await self._changed.wait()
            # Cleared before the read, so that a later announcement is not missed.
            self._changed.clear()
            if not self._closing.is_set():
                await self._read_if_possible()

    async def _listen(self) -> None:
        async with aclosing(self._redis.listen(_CHANNEL, self._note_listening)) as messages:
            async for _ in messages:
                self._changed.set()

    def _note_listening(self, listening: bool) -> None:
        if listening is not self._listening:  # announcements in between were missed
            self._listening = listening
            self._changed.set()

    async def _read_if_possible(self) -> None:
        try:
            await self.read()
            self._lost = False
        except Exception as error:  # noqa: BLE001  (an unexpected error must not end the loop)
            if not self._lost:  # one log entry per outage
                _log.warning("flags_not_read", error=error.__class__.__name__)
            self._lost = True

    @retried
    async def _switch(
        self,
        context: RequestContext,
        actor: str,
        data: FlagChange,
        user_id: UUID | None,
        leave: Authorization,
    ) -> None:
        async with self._deps.database.unit() as connection:
            await leave(connection)
            await self._change(connection, context, actor, data, user_id)

    async def _change(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        actor: str,
        data: FlagChange,
        user_id: UUID | None,
    ) -> None:
        row = await store.hold(connection, data.flag.name)
        before = Override.of(row) if row else None
        after = Override(data.word, data.percent, self._deps.clock.now(), actor) if data.word else None
        if _what(before) == _what(after):
            return
        await _write(connection, data.flag.name, before, after)
        await self._deps.audit_log.record(
            connection,
            EventType.FLAG_CHANGED,
            context,
            user_id=user_id,
            actor=actor,
            flag=data.flag.name,
            before=self._standing(data.flag, before).in_words,
            after=self._standing(data.flag, after).in_words,
        )

    def _standing(self, flag: Flag[Any], switched: Override | None) -> FlagState:
        return FlagState(flag, flag.word_of(self._defaults[flag.name]), switched)


def share_of(flag: Flag[Any], user_id: UUID) -> int:
    """Return the bucket of an account for a flag, 0 to 99; it is always the same.

    The buckets differ between flags, so that no account is always among the first; an account included at 10
    % remains included at 20 %.
    """
    digest = sha256(f"{flag.name}\n{user_id.hex}".encode("ascii")).digest()
    return int.from_bytes(digest[:8]) % ALL_ACCOUNTS


async def _everybody(_connection: AsyncConnection) -> None:
    """Permit the change; used for the command line, which needs no authorization."""


def _is_meant(flag: Flag[Any], switched: Override, user_id: UUID | None) -> bool:
    if switched.percent >= ALL_ACCOUNTS:
        return True
    return user_id is not None and share_of(flag, user_id) < switched.percent


def _what(switched: Override | None) -> tuple[str, int] | None:
    return (switched.word, switched.percent) if switched else None


async def _write(
    connection: AsyncConnection, name: str, before: Override | None, after: Override | None
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
