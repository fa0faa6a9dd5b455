"""The second factors that can complete a sign-in, independent of the configured methods."""

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
    """The state of an account's two-step verification."""

    enabled: bool
    recovery_codes_left: int


class SecondFactors:
    """Combines all second factors; each recognizes its own code format."""

    def __init__(self, deps: UseCaseContext, methods: Sequence[SecondFactor]) -> None:
        self._deps, self._methods = deps, {method.id: method for method in methods}

    @property
    def ids(self) -> tuple[MethodId, ...]:
        """The methods, in the order in which they try to parse a code."""
        return tuple(self._methods)

    def read(self, typed: str) -> TypedCode:
        """Return the input as a code of the first method that recognizes its format.

        Raises:
            CodeMalformed: No method does; it does not count as an attempt.
        """
        for method in self._methods.values():
            text = method.read(typed)
            if text is not None:
                return TypedCode(method.id, text)
        raise CodeMalformed

    def amr_of(self, code: TypedCode) -> tuple[str, ...]:
        """Return the RFC 8176 values for the method of a code."""
        return self._methods[code.method].amr

    def limits(self, user_id: UUID) -> list[RateLimit]:
        """Return the limits on an account's wrong codes; they apply across sign-ins."""
        return self._deps.limiter.limits(Limit.MFA, user_id.hex)

    async def use(self, connection: AsyncConnection, user_id: UUID, code: TypedCode) -> None:
        """Consume a code within the caller's unit of work; only one of any concurrent requests succeeds.

        Raises:
            InvalidCode: Wrong, expired or already used; or the more specific error that its method returns
                for a user whose first factor succeeded.
        """
        method = self._methods[code.method]
        if not await method.use(connection, user_id, code.text):
            refusal: DomainError | None = await method.refusal_of(connection, user_id, code.text)
            raise refusal or InvalidCode()

    async def record_use(self, connection: AsyncConnection, code: TypedCode, use: CodeUse) -> None:
        """Audit and notify the user of the use of a code, where its method requires it."""
        await self._methods[code.method].record_use(connection, use)

    async def status(self, user_id: UUID) -> MfaStatus:
        """Return the state of an account's two-step verification.

        Raises:
            Unavailable: The database is unavailable.
        """
        async with self._deps.database.read() as connection:
            account = await accounts.find_by_id(connection, user_id)
            left = [await method.remaining(connection, user_id) for method in self._methods.values()]
        return MfaStatus(account is not None and account.mfa_enabled, sum(left))
