"""What the product acknowledged, and what was observed of it, to be compared with the database afterwards."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import passlib.hash
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import USERS
from autograph_web.audit.store import AUDIT
from autograph_web.mail.store import OUTBOX

CLEAR = frozenset({200, 201, 202, 400, 401, 403, 409, 422, 429, 503})
"""Every status that may occur; 500 is not among them."""
# passlib makes its handlers on first access, so its types do not name them.
_HASH: Any = cast(Any, passlib.hash).bcrypt_sha256


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: how long it took, and what is wrong with the form of its refusal, if anything."""

    call: str
    status: int
    seconds: float
    flaw: str = ""


@dataclass
class Ledger:
    """Written by the simulated users; only what was acknowledged to them counts."""

    answers: list[Answer] = field(default_factory=list)
    cut_off: Counter[str] = field(default_factory=Counter)
    """Calls whose connection broke, by the name of the error."""
    begun: Counter[str] = field(default_factory=Counter)
    """How often each story was started."""
    finished: Counter[str] = field(default_factory=Counter)
    """How often each story was completed."""
    passwords: dict[str, str] = field(default_factory=dict)
    """The password of every account whose password is certain: not if a change got no clear response."""
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many events of each (email, type) were acknowledged."""
    factors: dict[str, bool] = field(default_factory=dict)
    """The accounts whose two-step verification is certain, and whether it was last reported as on or off."""
    dead: list[dict[str, Any]] = field(default_factory=list)
    """Token pairs that were reported as revoked."""
    dying: list[dict[str, Any]] = field(default_factory=list)
    """Token pairs whose revocation was answered `unfinished`: the product is to complete it by itself."""
    revived: list[str] = field(default_factory=list)
    """What was revoked and was accepted all the same."""
    regular: Counter[int] = field(default_factory=Counter)
    """The responses to users whose session began before the fault."""
    guesses: Counter[int] = field(default_factory=Counter)
    """The responses to attempts at the password of one account, each from another address."""

    def acknowledge(self, email: str, *kinds: str) -> None:
        """Record that something was reported as done."""
        self.events.update((email, kind) for kind in kinds)

    @property
    def slowest(self) -> Answer:
        """The response that took longest."""
        return max(self.answers, key=lambda answer: answer.seconds)

    def statuses(self) -> dict[int, int]:
        """Return how often each status occurred."""
        return dict(sorted(Counter(answer.status for answer in self.answers).items()))

    def unclear(self) -> list[Answer]:
        """Return the responses that are not clear."""
        return [answer for answer in self.answers if answer.status not in CLEAR or answer.flaw]


async def lost(connection: AsyncConnection, ledger: Ledger) -> list[str]:
    """Return what was acknowledged and is not in the database."""
    people = {row.email: row for row in await connection.execute(select(USERS))}
    counted = (
        select(USERS.c.email, AUDIT.c.kind, func.count().label("number"))
        .join_from(AUDIT, USERS, USERS.c.id == AUDIT.c.user_id)
        .group_by(USERS.c.email, AUDIT.c.kind)
    )
    kept = {(row.email, row.kind): row.number for row in await connection.execute(counted)}
    return [
        *(f"account {email}" for email in ledger.passwords if email not in people),
        *(f"password of {email}" for email in _wrong_passwords(people, ledger)),
        *(
            f"factor of {email}"
            for email, on in ledger.factors.items()
            if people[email].mfa_enabled is not on
        ),
        *(f"{event} of {n}" for event, n in ledger.events.items() if kept.get(event, 0) < n),
    ]


def _wrong_passwords(people: dict[str, Any], ledger: Ledger) -> Iterable[str]:
    for email, password in ledger.passwords.items():
        if email in people and not _HASH.verify(password, people[email].password_hash):
            yield email


async def letters_left(connection: AsyncConnection) -> int:
    """Return how many emails are still to be sent."""
    left = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.sent_at.is_(None))
    return int((await connection.execute(left)).scalar_one())
