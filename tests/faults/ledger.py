"""What the product has acknowledged, and what was seen of it, to be held against the database afterwards."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import USERS
from autograph_web.audit.store import AUDIT

CLEAR = frozenset({200, 201, 303, 400, 401, 403, 409, 422, 429, 503})
"""Every answer there may be; a 500 is none of them."""


@dataclass(frozen=True)
class Answer:
    """One answer: how long it took, and what is wrong with how it says no."""

    call: str
    status: int
    seconds: float
    flaw: str = ""


@dataclass
class Ledger:
    """Kept by the people whose traffic it is."""

    answers: list[Answer] = field(default_factory=list)
    cut_off: Counter[str] = field(default_factory=Counter)
    """Calls whose connection broke, by the name of the error."""
    registered: set[str] = field(default_factory=set)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many events of each (email, kind) were acknowledged."""
    factors: dict[str, bool] = field(default_factory=dict)
    """Whether two-step verification is on, of who was told so last."""
    dead_access: list[str] = field(default_factory=list)
    dead_refresh: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    """What was revoked and opened something all the same."""
    pages: int = 0
    """Pages that came over the websocket."""

    def acknowledge(self, email: str, kind: str) -> None:
        """Note that something was reported as done."""
        self.events[email, kind] += 1

    def bury(self, *pairs: dict[str, Any]) -> None:
        """Note that these tokens were reported as revoked."""
        self.dead_access += [pair["access_token"] for pair in pairs]
        self.dead_refresh += [pair["refresh_token"] for pair in pairs]

    @property
    def longest(self) -> Answer:
        """The answer that took longest."""
        return max(self.answers, key=lambda answer: answer.seconds)

    def statuses(self) -> dict[int, int]:
        """Return how often each status was answered."""
        return dict(sorted(Counter(answer.status for answer in self.answers).items()))

    def faults(self) -> list[Answer]:
        """Return the answers that are no clear ones."""
        return [answer for answer in self.answers if answer.status not in CLEAR or answer.flaw]


async def lost(connection: AsyncConnection, ledger: Ledger) -> list[str]:
    """Return what was acknowledged and is not in the database."""
    people = {row.email: row for row in await connection.execute(select(USERS))}
    joined = AUDIT.join(USERS, USERS.c.id == AUDIT.c.user_id)
    kept = Counter[tuple[str, str]](
        [
            tuple(row)
            for row in await connection.execute(select(USERS.c.email, AUDIT.c.kind).select_from(joined))
        ]
    )
    missing = [f"the account {email}" for email in ledger.registered if email not in people]
    missing += [
        f"{number - kept[event]} of {number} {event}"
        for event, number in ledger.events.items()
        if kept[event] < number
    ]
    missing += [
        f"two-step verification of {email} being {wanted}"
        for email, wanted in ledger.factors.items()
        if people[email].mfa_enabled is not wanted
    ]
    return missing


async def waiting_letters(connection: AsyncConnection) -> int:
    """Return how many letters are still to be sent."""
    found = await connection.execute(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))
    return int(found.scalar_one())
