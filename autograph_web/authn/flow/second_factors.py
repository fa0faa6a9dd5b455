"""The second factors that an account may complete a sign-in with, whichever methods there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import CodeMalformed, InvalidCode
from autograph_web.authn.ports import CodeUse, SecondFactor, TypedCode
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ratelimit.limiter import RateLimit
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.assurance import MethodId


@dataclass(frozen=True, slots=True)
class MfaStatus:
    """How an account's two-step verification stands."""

    enabled: bool
    recovery_codes_left: int


class SecondFactors:
    """Every second factor there is, as one: each reads its own form of code."""

    def __init__(self, deps: UseCaseContext, methods: Sequence[SecondFactor]) -> None:
        self._deps, self._methods = deps, {method.id: method for method in methods}

    @property
    def ids(self) -> tuple[MethodId, ...]:
        """The methods, in the order in which they read what was typed."""
        return tuple(self._methods)

    def read(self, typed: str) -> TypedCode:
        """Return what was typed as a code of the first method that knows its form.

        Raises:
            CodeMalformed: No method does; no try is spent on it.
        """
        for method in self._methods.values():
            text = method.read(typed)
            if text is not None:
                return TypedCode(method.id, text)
        raise CodeMalformed

    def amr_of(self, code: TypedCode) -> tuple[str, ...]:
        """Return the values of RFC 8176 for the method of a code."""
        return self._methods[code.method].amr

    def limits(self, user_id: UUID) -> list[RateLimit]:
        """Return the limits of wrong codes of an account; they outlive any one sign-in."""
        return self._deps.limiter.limits(Limit.MFA, user_id.hex)

    async def use(self, connection: AsyncConnection, user_id: UUID, code: TypedCode) -> None:
        """Use a code up within the caller's unit of work: one of any number of racers comes through.

        Raises:
            InvalidCode: Wrong, too old, or used before; or what its method tells those who have shown the
                first factor.
        """
        method = self._methods[code.method]
        if not await method.use(connection, user_id, code.text):
            refusal: DomainError | None = await method.refusal_of(connection, user_id, code.text)
            raise refusal or InvalidCode()

    async def record_use(self, connection: AsyncConnection, code: TypedCode, use: CodeUse) -> None:
        """Record what is news about the use of a code, and tell the owner."""
        await self._methods[code.method].record_use(connection, use)

    async def status(self, user_id: UUID) -> MfaStatus:
        """Return how two-step verification stands.

        Raises:
            Unavailable: The database is away.
        """
        async with self._deps.database.read() as connection:
            account = await accounts.find_by_id(connection, user_id)
            left = [await method.remaining(connection, user_id) for method in self._methods.values()]
        return MfaStatus(account is not None and account.mfa_enabled, sum(left))
