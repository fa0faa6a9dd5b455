"""The sign-in: from an email and a password to the grant of a session, or to a second-factor challenge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.verification import Verification
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import EmailNotVerified, InvalidCredentials
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.authn.flow.new_device_alerts import NewDeviceAlerts
from autograph_web.authn.flow.second_factor_step import SecondFactorStep
from autograph_web.authn.ports import Checked, FirstFactor, TrustedBrowsers, Wrong, shown_by
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.sessions.assurance import MULTI_FACTOR, MethodId
from autograph_web.sessions.principal import AuthenticationGrant


@dataclass(frozen=True, slots=True)
class _Attempt:
    method: FirstFactor
    context: RequestContext
    email_key: str
    answer: str
    remember: bool
    device: str | None
    trusted: str | None


class SignIn:
    """Verifies the first factor; a failure never reveals which part was wrong."""

    def __init__(
        self,
        deps: UseCaseContext,
        methods: Sequence[FirstFactor],
        second_step: SecondFactorStep,
        grants: Grants,
        trusted: TrustedBrowsers,
        notices: NewDeviceAlerts,
        verification: Verification,
    ) -> None:
        """Set the first factors; the first in `methods` is the one that accounts are registered with."""
        self._usual, self._methods = methods[0], {method.id: method for method in methods}
        self._deps, self._second_step, self._grants = deps, second_step, grants
        self._trusted, self._notices = trusted, notices
        self._verification = verification

    async def start(
        self,
        context: RequestContext,
        data: SignInInput,
        device: str | None = None,
        trusted: str | None = None,
        method: MethodId | None = None,
    ) -> AuthenticationGrant | ChallengeRequired:
        """Check an email and a password; `device` and `trusted` are the values of the cookies of these names.

        With a `method`, the password field holds the response to that first factor.

        Raises:
            InvalidCredentials: They do not match, or the account is unknown or locked: same response, same
                timing.
            EmailNotVerified: They match, but this server requires a verified address.
            RateLimited: Too many failures from this address or for this account.
            Unavailable: The database is unavailable or too many hashes are queued; the attempt is not
                counted.
        """
        first = self._usual if method is None else self._methods[method]
        email_key, answer = normalize_email(data.email), data.password.get_secret_value()
        attempt = _Attempt(first, context, email_key, answer, data.remember_me, device, trusted)
        limits = first.limits(context, email_key, device)
        try:
            async with self._deps.limiter.attempt(limits, email_key, InvalidCredentials):
                return await self._check(attempt)
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note(attempt, EventType.LOGIN_RATE_LIMITED, retry_after=refusal.retry_after)
            raise

    @retried
    async def after_registration(self, context: RequestContext, account: Account) -> AuthenticationGrant:
        """Sign in a user who has just registered and therefore just set the password.

        Raises:
            EmailNotVerified: This server requires a verified address.
            Unavailable: The database is unavailable.
        """
        if self._verification.is_missing(account):
            raise EmailNotVerified
        grant = self._grants.of_account(account, shown=shown_by(self._usual), remember=False)
        async with self._deps.database.unit() as connection:
            await self._grants.record(connection, context, grant)
        return grant

    async def _check(self, attempt: _Attempt) -> AuthenticationGrant | ChallengeRequired:
        checked = await attempt.method.check(attempt.context, attempt.email_key, attempt.answer)
        if isinstance(checked, Wrong):
            raise await self._refusal(attempt, checked.account)
        if self._verification.is_missing(checked.account):
            # Returned only to a client that knows the password.
            await self._note(attempt, EventType.LOGIN_FAILED, checked.account, reason=EmailNotVerified.code)
            raise EmailNotVerified
        admitted = await self._admit(attempt, checked)
        if admitted is None:
            raise await self._refusal(attempt, checked.account)
        return admitted

    async def _admit(
        self, attempt: _Attempt, checked: Checked
    ) -> AuthenticationGrant | ChallengeRequired | None:
        account = checked.account
        trusted = await self._trusted.recognise(attempt.trusted, account.id)
        claimed = None
        if not trusted and not _needs_second_factor(attempt, account):
            claimed = await self._notices.claim(attempt.context, account.id, account.email, attempt.device)
        confirmed, grant = await self._confirm(attempt, checked, claimed, trusted=trusted)
        if grant is not None or confirmed is None:
            return grant
        return await self._second_step.challenge(
            attempt.context, confirmed, remember=attempt.remember, first=attempt.method
        )

    @retried
    async def _confirm(
        self, attempt: _Attempt, checked: Checked, claimed: Any, *, trusted: bool
    ) -> tuple[Account | None, AuthenticationGrant | None]:
        """Return the account if unchanged since the check, and a grant if no second factor is required."""
        async with self._deps.database.unit() as connection:
            account = await attempt.method.confirm(connection, checked)
            if account is None:
                return None, None
            needs_second = _needs_second_factor(attempt, account)
            if needs_second and not trusted:
                kind = EventType.LOGIN_MFA_REQUIRED
                await self._deps.audit_log.record(connection, kind, attempt.context, user_id=account.id)
                return account, None
            shown = shown_by(attempt.method)
            if needs_second:
                shown = shown.with_trusted_device()
            grant = self._grants.of_account(account, shown=shown, remember=attempt.remember)
            created_at = await self._grants.record(connection, attempt.context, grant)
            await self._notices.tell(connection, attempt.context, grant, claimed, created_at)
            return account, grant

    async def _refusal(self, attempt: _Attempt, account: Account | None) -> InvalidCredentials:
        # An unknown address is recorded too, so that both failures do the same work; the submitted address is
        # not stored unless an account has it, because users type passwords into the wrong field.
        await self._note(attempt, EventType.LOGIN_FAILED, account, known_account=account is not None)
        return InvalidCredentials()

    async def _note(
        self, attempt: _Attempt, kind: EventType, account: Account | None = None, **details: Any
    ) -> None:
        user_id = account.id if account else None
        await self._deps.audit_log.record_alone(kind, attempt.context, user_id=user_id, **details)


def _needs_second_factor(attempt: _Attempt, account: Account) -> bool:
    return account.mfa_enabled and MULTI_FACTOR not in attempt.method.amr
