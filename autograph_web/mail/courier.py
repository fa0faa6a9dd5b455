"""Delivers emails from the outbox; an email is claimed by at most one courier at a time."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from traceback import extract_tb
from typing import Any

import structlog
from sqlalchemy import Row

from autograph_web.infra.background import end
from autograph_web.infra.clock import Clock
from autograph_web.infra.crypto.encryption import DecryptionError
from autograph_web.infra.db.database import Database
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.infra.telemetry.tracing import span
from autograph_web.mail import store
from autograph_web.mail.message import NOBODY
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.rendering import as_message
from autograph_web.mail.transport import Envelope, MailTransport, PermanentFailure, TransientFailure

_log = structlog.get_logger(__name__)

_HANDS = 2  # concurrent deliveries, so that one slow delivery does not block the next
_LOOK_EVERY_S = 15.0  # seconds between polls, to pick up emails whose worker died
_SHORTEST_WAIT_S = 0.1
_CARRY_S = 90.0
_CLAIM = timedelta(seconds=180)
# A mail server that is down may recover quickly; one that rejects this particular email needs more time.
_AWAY_PAUSE_S, _LETTER_PAUSE_S = 2.0, 15.0
_LONGEST_PAUSE_S = 3 * 3600.0
_GIVE_UP_AFTER = timedelta(days=3)
_RESTS_S = (1.0, 2.0, 4.0)  # by successive setbacks; short, so that emails are sent soon after a recovery
_AFTERWARDS_S = 0.5
_CLOSING_S = 3.0
_ADDRESS = "nobody@example.org"  # a reserved domain (RFC 2606), used only for decoys, which are never sent


LETTER_OUTCOMES = ("sent", "postponed", "failed")
"""The possible outcomes of one delivery attempt."""


class Outcome(Enum):
    """The outcome of one poll of the outbox."""

    NOTHING = "nothing was due"
    DONE = "a letter was sent, put off or given up for a reason of its own"
    SETBACK = "a letter has to wait, as would any other"
    UNREACHABLE = "the database did not say"


class Courier:
    """Delivers due emails from the outbox until it is closed."""

    def __init__(
        self, database: Database, outbox: Outbox, carrier: MailTransport, clock: Clock, randomness: Randomness
    ) -> None:
        self._database, self._outbox, self._carrier = database, outbox, carrier
        self._clock, self._randomness = clock, randomness
        self._hands: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()
        self._next_free: datetime | None = None

    def start(self) -> None:
        """Start delivering in the background."""
        self._hands = [asyncio.create_task(self._work()) for _ in range(_HANDS)]

    async def close(self) -> None:
        """Stop, waiting briefly for deliveries in progress; another courier takes over the rest."""
        self._ending.set()
        self._outbox.posted.set()
        if not self._hands:
            return
        await asyncio.wait(self._hands, timeout=_CLOSING_S)
        await end(self._hands)

    async def _work(self) -> None:
        setbacks = 0
        while not self._ending.is_set():
            # Cleared before polling, so that an email posted during the poll is not missed.
            self._outbox.posted.clear()
            outcome = await self._deliver_and_survive()
            in_trouble = outcome in (Outcome.SETBACK, Outcome.UNREACHABLE)
            setbacks = min(setbacks + 1, len(_RESTS_S)) if in_trouble else 0
            await self._rest(outcome, setbacks)

    async def _rest(self, outcome: Outcome, setbacks: int) -> None:
        if outcome is Outcome.DONE or self._ending.is_set():
            return
        if outcome is Outcome.NOTHING:
            await _wait(self._outbox.posted, self._until_next())
            # A delivery right after a request would reveal that the request caused an email.
            chance = int.from_bytes(self._randomness.bytes(16), "big") / 2**128
            await _wait(self._ending, _AFTERWARDS_S * chance)
            return
        # While the mail server is failing, newly posted emails do not trigger an attempt. A successful post,
        # by contrast, proves that the database is reachable again.
        back = self._outbox.posted if outcome is Outcome.UNREACHABLE else self._ending
        await _wait(back, _RESTS_S[setbacks - 1])

    async def _deliver_and_survive(self) -> Outcome:
        try:
            return await self.deliver_one()
        except Unavailable:
            _log.warning("outbox_unreachable")
            return Outcome.UNREACHABLE
        except Exception:  # noqa: BLE001  (an unexpected error must not block the next email)
            _log.exception("courier_stumbled")
        return Outcome.SETBACK

    async def deliver_one(self) -> Outcome:
        """Attempt delivery of the email that has been due longest.

        Raises:
            Unavailable: The database is unavailable.
        """
        claimed = await self._claim()
        if claimed is None:
            return Outcome.NOTHING
        # No transaction is held open from here until the outcome is known.
        try:
            with span("deliver letter"):
                left = await self._carry(claimed)
        except (PermanentFailure, DecryptionError) as error:
            await self._give_up(claimed, getattr(error, "reason", "DecryptionError"))
            return Outcome.DONE
        except TransientFailure as error:
            pause = _LETTER_PAUSE_S if error.this_letter else _AWAY_PAUSE_S
            await self._postpone(claimed, error.reason, pause, error.advice)
            return Outcome.DONE if error.this_letter else Outcome.SETBACK
        except TimeoutError:
            await self._postpone(claimed, "TimeoutError", _AWAY_PAUSE_S)
        except Exception as error:  # noqa: BLE001  (an email is not lost because of a defect in this program)
            # The error text is not logged, because it may contain the content of the email.
            _log.error(
                "letter_not_carried", outbox_id=claimed.id, reason=type(error).__name__, at=_place(error)
            )
            await self._postpone(claimed, error.__class__.__name__, _LETTER_PAUSE_S)
        else:
            await self._note_sent(claimed)
            if left:
                note_letter("sent")
            return Outcome.DONE
        return Outcome.SETBACK

    async def _carry(self, claimed: Row[Any]) -> bool:
        """Deliver an email and return True; a decoy is only rendered, not sent, and yields False."""
        parcel = self._parcel(claimed)
        if parcel.letter.to == NOBODY:
            as_message(replace(parcel, letter=replace(parcel.letter, to=_ADDRESS)), _ADDRESS).as_bytes()
            return False
        async with asyncio.timeout(_CARRY_S):
            await self._carrier.carry(parcel)
        return True

    @retried
    async def _claim(self) -> Row[Any] | None:
        now = self._clock.now()
        async with self._database.read() as connection:
            self._next_free = await store.next_free(connection)
        if self._next_free is None or self._next_free > now:
            return None
        async with self._database.unit() as connection:
            claimed = await store.claim(connection, now, now + _CLAIM)
        if claimed is not None:
            self._outbox.posted.set()  # more may be due, and the other worker recalculates its waiting time
        return claimed

    def _parcel(self, claimed: Row[Any]) -> Envelope:
        return Envelope(self._outbox.open(claimed), claimed.message_id, claimed.created_at)

    async def _note_sent(self, claimed: Row[Any]) -> None:
        # While the claim lasts no other courier sends the email, so there is time to wait for the database.
        pause, spent = 1.0, 0.0
        while True:
            try:
                async with self._database.unit() as connection:
                    await store.mark_sent(connection, claimed, self._clock.now())
            except Unavailable:
                if spent + pause > _CLAIM.total_seconds() - _CARRY_S:
                    raise
                await asyncio.sleep(pause)
                pause, spent = pause * 2, spent + pause
            else:
                return

    def _until_next(self) -> float:
        """Return the number of seconds to wait, unless an email is posted earlier."""
        if self._next_free is None:
            return _LOOK_EVERY_S
        seconds = (self._next_free - self._clock.now()).total_seconds()
        return min(max(seconds, _SHORTEST_WAIT_S), _LOOK_EVERY_S)

    async def _postpone(self, claimed: Row[Any], reason: str, first_pause: float, advice: str = "") -> None:
        now = self._clock.now()
        due_at = now + self._pause_after(claimed.attempts, first_pause)
        if due_at - claimed.created_at > _GIVE_UP_AFTER:
            await self._give_up(claimed, reason)
            return
        known = {"advice": advice} if advice else {}
        _log.warning(
            "letter_postponed", outbox_id=claimed.id, reason=reason, attempts=claimed.attempts, **known
        )
        async with self._database.unit() as connection:
            await store.postpone(connection, claimed, due_at, reason[:64])
        note_letter("postponed")

    @retried
    async def _give_up(self, claimed: Row[Any], reason: str) -> None:
        _log.error("letter_failed", outbox_id=claimed.id, reason=reason, attempts=claimed.attempts)
        now = self._clock.now()
        async with self._database.unit() as connection:
            await store.give_up(connection, claimed, now, reason[:64])
        note_letter("failed")

    def _pause_after(self, attempts: int, first_pause: float) -> timedelta:
        # Exponential backoff with ±25 % jitter, so that retries do not synchronize.
        pause = min(first_pause * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE_S)
        chance = int.from_bytes(self._randomness.bytes(2), "big") / 65_536
        return timedelta(seconds=pause * (0.75 + chance / 2))


def note_letter(outcome: str, times: int = 1) -> None:
    """Count the outcome of a delivery attempt in the metrics; with `times` 0 only the label is created."""
    meters().letters.labels(outcome).inc(times)


def _place(error: Exception) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
