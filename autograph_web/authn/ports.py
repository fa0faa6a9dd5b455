"""What an authentication method is to the flow, which knows none of them by name.

A method is a package of `authn/methods` and a line in `authn/module.py`: what it keeps and how it checks is
its own. It is a `FirstFactor`, a `SecondFactor` or both, and what it keeps is `Revocable`
(authn/revocation.py); what an account has of it stands in the view `credentials` (accounts/models.py).
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.account import Account
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ratelimit.limiter import RateLimit
from autograph_web.sessions.assurance import MethodId, Shown


@dataclass(frozen=True, slots=True)
class Checked:
    """The account that an answer was right for, as it was when it was read.

    `renewal` is what the method stores in the place of what it checked against, once the account is locked: a
    hash by the cost of today, a counter of signatures.
    """

    account: Account
    renewal: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that was not right, and whose account it was given for, if there is such an account."""

    account: Account | None = None


@runtime_checkable
class FirstFactor(Protocol):
    """A method that a sign-in begins with: it tells whose account it is."""

    @property
    def id(self) -> MethodId:
        """Its name, which is stored and shown."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """Its values of RFC 8176; with "mfa" among them no second factor is asked for."""
        ...

    def limits(self, context: RequestContext, email_key: str, device: str | None) -> list[RateLimit]:
        """Return the limits that a try counts against."""
        ...

    async def check(self, context: RequestContext, whom: str | UUID, answer: str) -> Checked | Wrong:
        """Check an answer for the account of a folded email address or of an id.

        Outside any unit of work, for it may take its time: an unknown account takes as long as a known one.

        Raises:
            Unavailable: The database is away, or too many are waiting already.
        """
        ...

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        """Return the account as it is now, locked, or None if what was checked is no longer so."""
        ...


def shown_by(method: FirstFactor) -> Shown:
    """Return what an authentication has shown once its first factor was right."""
    return Shown((method.id,), method.amr)


@dataclass(frozen=True, slots=True)
class TypedCode:
    """An answer in the canonical spelling of the method that recognised its form."""

    method: MethodId
    text: str


@dataclass(frozen=True, slots=True)
class CodeUse:
    """Where a code was used, and whose it is; `session_id` is the session that it opens or renews."""

    context: RequestContext
    user_id: UUID
    session_id: UUID
    email: str


@runtime_checkable
class SecondFactor(Protocol):
    """A method that completes a sign-in: a code that works once."""

    @property
    def id(self) -> MethodId:
        """Its name, which is stored and shown."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """Its values of RFC 8176."""
        ...

    def read(self, typed: str) -> str | None:
        """Return what was typed in canonical spelling, or None if it has not the form of this method."""
        ...

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        """Use a code up within the caller's unit of work: True for one of any number of racers."""
        ...

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> DomainError | None:
        """Return what there is to say of a code that was no good, if more than that it is wrong."""
        ...

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        """Return how many codes are left, of a method that runs out of them; 0 of any other."""
        ...

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        """Record a use that is news to the owner, and tell them; the everyday one is none."""
        ...


class BackupCodes(Protocol):
    """Codes that stand in for a second factor that is lost: it makes them when it is set up."""

    def read(self, typed: str) -> str | None:
        """Return what was typed in canonical spelling, or None if it has not the form of one."""
        ...

    async def renew(self, connection: AsyncConnection, user_id: UUID) -> list[str]:
        """Put new codes in the place of an account's old ones, within the caller's unit of work."""
        ...


class TrustedBrowsers(Protocol):
    """Browsers in which a second factor was shown, which stand in for it."""

    def are_offered(self, user_id: UUID) -> bool:
        """Return True if the owner of an account may trust browsers; if not, none is recognised either."""
        ...

    def recognise(self, token: str | None, user_id: UUID) -> Awaitable[bool]:
        """Return True if a cookie's token stands for a browser that this account trusts."""
        ...


class Registrable(Protocol):
    """A first factor that an account is registered with."""

    async def require(self, answer: str, email: str) -> None:
        """Let an acceptable secret pass.

        Raises:
            DomainError: The method's refusals, with the reasons.
        """
        ...

    async def prepare(self, answer: str, context: RequestContext | None = None) -> str:
        """Return what `enrol` stores of a secret; outside any unit of work, for it may take its time.

        Raises:
            Unavailable: Too many are waiting already.
        """
        ...

    async def enrol(self, connection: AsyncConnection, user_id: UUID, prepared: str) -> None:
        """Give a new account its first factor, within the caller's unit of work."""
        ...
