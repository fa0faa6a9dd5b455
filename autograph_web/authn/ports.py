"""The interfaces of authentication methods; the flow depends on these and knows no method by name.

A method is a package in `authn/methods` and a line in `authn/module.py`; storage and checks are its own.
It is a `FirstFactor`, a `SecondFactor` or both, and its credentials are `Revocable` (authn/revocation.py);
the view `credentials` (accounts/models.py) reports which credentials an account has.
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
    """The account whose response was correct, as it was when it was read.

    `renewal` is the value that the method stores in place of the one it checked against, once the account is
    locked: for example a hash with the current cost, or a signature counter.
    """

    account: Account
    renewal: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A response that was not correct, and the account it was given for, if there is one."""

    account: Account | None = None


@runtime_checkable
class FirstFactor(Protocol):
    """A method that starts a sign-in: it identifies the account."""

    @property
    def id(self) -> MethodId:
        """The method's name, which is stored and exposed."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """The method's RFC 8176 values; if they include "mfa", no second factor is required."""
        ...

    def limits(self, context: RequestContext, email_key: str, device: str | None) -> list[RateLimit]:
        """Return the rate limits that an attempt counts against."""
        ...

    async def check(self, context: RequestContext, whom: str | UUID, answer: str) -> Checked | Wrong:
        """Check a response for the account of a normalized email address or of an id.

        Runs outside a unit of work, because it may be slow; an unknown account takes as long as a known one.

        Raises:
            Unavailable: The database is unavailable, or too many checks are waiting already.
        """
        ...

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        """Return the current account, locked, or None if it changed since the check."""
        ...


def shown_by(method: FirstFactor) -> Shown:
    """Return the state of an authentication after its first factor succeeded."""
    return Shown((method.id,), method.amr)


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code in the canonical form of the method that recognized its format."""

    method: MethodId
    text: str


@dataclass(frozen=True, slots=True)
class CodeUse:
    """The context and account of a used code; `session_id` is the session that it opens or renews."""

    context: RequestContext
    user_id: UUID
    session_id: UUID
    email: str


@runtime_checkable
class SecondFactor(Protocol):
    """A method that completes a sign-in with a single-use code."""

    @property
    def id(self) -> MethodId:
        """The method's name, which is stored and exposed."""
        ...

    @property
    def amr(self) -> tuple[str, ...]:
        """The method's RFC 8176 values."""
        ...

    def read(self, typed: str) -> str | None:
        """Return the input in canonical form, or None if it does not have this method's format."""
        ...

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        """Consume a code within the caller's unit of work; only one of any concurrent requests gets True."""
        ...

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> DomainError | None:
        """Return an error more specific than "wrong" for a rejected code, or None."""
        ...

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        """Return how many codes are left if the method's codes are finite, otherwise 0."""
        ...

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        """Audit and notify the user of a use that is out of the ordinary; regular use requires neither."""
        ...


class BackupCodes(Protocol):
    """Codes that replace a lost second factor; they are created when the factor is set up."""

    def read(self, typed: str) -> str | None:
        """Return the input in canonical form, or None if it does not have the format of a backup code."""
        ...

    async def renew(self, connection: AsyncConnection, user_id: UUID) -> list[str]:
        """Replace an account's codes by new ones, within the caller's unit of work."""
        ...


class TrustedBrowsers(Protocol):
    """Browsers in which a second factor was verified, and which replace it from then on."""

    def are_offered(self, user_id: UUID) -> bool:
        """Return True if trusted devices are enabled for this account; if not, existing ones are ignored."""
        ...

    def recognise(self, token: str | None, user_id: UUID) -> Awaitable[bool]:
        """Return True if the token of a cookie identifies a browser that this account trusts."""
        ...


class Registrable(Protocol):
    """A first factor that an account can be registered with."""

    async def require(self, answer: str, email: str) -> None:
        """Require that a new secret is acceptable.

        Raises:
            DomainError: The method's own errors, with the reasons.
        """
        ...

    async def prepare(self, answer: str, context: RequestContext | None = None) -> str:
        """Return the value that `enrol` stores; runs outside a unit of work, because it may be slow.

        Raises:
            Unavailable: Too many requests are waiting already.
        """
        ...

    async def enrol(self, connection: AsyncConnection, user_id: UUID, prepared: str) -> None:
        """Store the first factor of a new account, within the caller's unit of work."""
        ...
