"""Reauthentication within a session, required before a change of authenticators (ASVS 5.0 V7.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.errors import SessionEnded, WrongPassword
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import CodeMalformed, InvalidCode
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.flow.inputs import ReauthenticationInput
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.ports import Checked, CodeUse, FirstFactor, TypedCode, Wrong, shown_by
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.sessions.assurance import MULTI_FACTOR, MethodId
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal


@dataclass(frozen=True, slots=True)
class _Attempt:
    context: RequestContext
    principal: SessionPrincipal
    first: FirstFactor
    code: TypedCode | None


class Reauthentication:
    """Verifies the first factor, and a second if enabled; the new session then replaces the current one."""

    def __init__(
        self,
        deps: UseCaseContext,
        methods: Sequence[FirstFactor],
        factors: SecondFactors,
        grants: Grants,
    ) -> None:
        """Set the first factors; the first in `methods` is the default."""
        self._usual, self._methods = methods[0], {method.id: method for method in methods}
        self._deps, self._factors, self._grants = deps, factors, grants

    async def confirm(
        self,
        context: RequestContext,
        principal: SessionPrincipal,
        data: ReauthenticationInput,
        device: str | None = None,
        method: MethodId | None = None,
    ) -> AuthenticationGrant:
        """Check the viewer's password and, with two-step verification on, a code.

        With a `method`, the password field holds the response to that first factor.

        Raises:
            WrongPassword: It does not match the viewer's.
            CodeMalformed: A code is required and this is not one; no attempt is counted.
            InvalidCode: Wrong, expired or already used; or, as `CodeOfReplaced`, from the replaced
                authenticator.
            RateLimited: Too many wrong passwords or codes; they count together with those of the sign-in.
            SessionEnded: The account was locked or signed out everywhere meanwhile.
            Unavailable: The database is unavailable.
        """
        email_key = normalize_email(principal.email)
        first = self._usual if method is None else self._methods[method]
        attempt = _Attempt(context, principal, first, self._code(principal, first, data))
        limits = first.limits(context, email_key, device)
        async with self._deps.limiter.attempt(limits, email_key, WrongPassword):
            checked = await self._check(attempt, data.password.get_secret_value())
        if attempt.code is None:
            return await self._admit(attempt, checked)
        async with self._deps.limiter.attempt(
            self._factors.limits(principal.user_id), principal.user_id.hex, InvalidCode
        ):
            return await self._admit(attempt, checked)

    def _code(
        self, principal: SessionPrincipal, first: FirstFactor, data: ReauthenticationInput
    ) -> TypedCode | None:
        if not principal.mfa_enabled or MULTI_FACTOR in first.amr:
            return None
        if data.code is None:
            raise CodeMalformed
        return self._factors.read(data.code.get_secret_value())

    async def _check(self, attempt: _Attempt, answer: str) -> Checked:
        checked = await attempt.first.check(attempt.context, attempt.principal.user_id, answer)
        if isinstance(checked, Wrong):
            await self._note(EventType.LOGIN_FAILED, attempt)
            raise WrongPassword
        return checked

    async def _admit(self, attempt: _Attempt, checked: Checked) -> AuthenticationGrant:
        try:
            return await self._commit(attempt, checked)
        except InvalidCode:
            await self._note(EventType.MFA_VERIFY_FAILED, attempt)
            raise

    @retried
    async def _commit(self, attempt: _Attempt, checked: Checked) -> AuthenticationGrant:
        principal, code = attempt.principal, attempt.code
        async with self._deps.database.unit() as connection:
            # The factor first, as in the second-factor step: the opposite lock order could deadlock.
            if code is not None:
                await self._factors.use(connection, principal.user_id, code)
            account = await attempt.first.confirm(connection, checked)
            lacks_factor = code is None and MULTI_FACTOR not in attempt.first.amr
            if account is None or (account.mfa_enabled and lacks_factor):
                raise SessionEnded  # the rollback leaves the code unused
            await self._deps.audit_log.record(
                connection, EventType.REAUTHENTICATED, attempt.context, principal=principal
            )
            if code is not None:
                use = CodeUse(attempt.context, principal.user_id, principal.session_id, account.email)
                await self._factors.record_use(connection, code, use)
        return self._grant(attempt, account)

    def _grant(self, attempt: _Attempt, account: Account) -> AuthenticationGrant:
        shown = shown_by(attempt.first)
        if attempt.code is not None:
            shown = shown.with_second_factor(attempt.code.method, self._factors.amr_of(attempt.code))
        grant = self._grants.of_account(account, shown=shown, remember=attempt.principal.remember)
        return replace(grant, replaces=attempt.principal.session_id)

    async def _note(self, kind: EventType, attempt: _Attempt) -> None:
        await self._deps.audit_log.record_alone(
            kind, attempt.context, principal=attempt.principal, reauthentication=True
        )
