"""The second step of a sign-in: verifies a code for a challenge and returns the grant of a session."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.flow.challenges import Challenge, ChallengeRequired, Challenges
from autograph_web.authn.flow.errors import ChallengeExpired
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.flow.inputs import SecondStepInput
from autograph_web.authn.flow.new_device_alerts import NewDeviceAlerts
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.ports import CodeUse, FirstFactor, TrustedBrowsers, TypedCode
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ratelimit.limiter import RateLimit, RateLimitExceeded
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.sessions.principal import AuthenticationGrant


@dataclass(slots=True)
class _Taken:
    """What a sign-in has claimed in Redis; a retried unit of work must not claim it again."""

    notice: str | None = None
    has_asked: bool = False
    has_closed: bool = False


class SecondFactorStep:
    """Verifies codes. Attempts count only against a challenge, so strangers cannot exhaust the limits."""

    def __init__(
        self,
        deps: UseCaseContext,
        factors: SecondFactors,
        challenges: Challenges,
        grants: Grants,
        trusted: TrustedBrowsers,
        notices: NewDeviceAlerts,
    ) -> None:
        self._deps, self._factors, self._challenges, self._grants = deps, factors, challenges, grants
        self._trusted, self._notices = trusted, notices

    async def challenge(
        self, context: RequestContext, account: Account, *, remember: bool, first: FirstFactor
    ) -> ChallengeRequired:
        """Require a second factor for an account whose first factor succeeded.

        Raises:
            Unavailable: Redis is unavailable.
        """
        token = await self._challenges.open(context, account, remember=remember, first=first)
        return self._required(account.email, account.id, token)

    async def verify(
        self, context: RequestContext, data: SecondStepInput, device: str | None = None
    ) -> AuthenticationGrant:
        """Complete a sign-in with an authenticator code or a recovery code.

        `device` is the value of the browser's device cookie.

        Raises:
            CodeMalformed: It is neither; no attempt is counted.
            ChallengeExpired: No first factor succeeded for it within the last five minutes.
            InvalidCode: Wrong, expired or already used; or, as `CodeOfReplaced`, from the replaced
                authenticator.
            RateLimited: Too many wrong codes, for this challenge or for the account.
            Unavailable: The database or Redis is unavailable; the code remains unused.
        """
        code = self._factors.read(data.code.get_secret_value())
        challenge = await self._challenge(context, data)
        try:
            async with self._deps.limiter.attempt(
                self._limits(challenge), challenge.user_id.hex, InvalidCode
            ):
                grant = await self._check(context, challenge, code, data.trust_device, device)
        except InvalidCode:
            await self._note_failure(context, challenge)
            raise
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note_failure(context, challenge, rate_limited=True)
            raise
        return grant

    async def describe(self, token: str) -> ChallengeRequired:
        """Return the state of the sign-in that `token` identifies, for a page that continues it.

        Raises:
            ChallengeExpired: There is no such sign-in.
            Unavailable: Redis is unavailable.
        """
        challenge = await self._challenges.of_token(token)
        return self._required(challenge.email, challenge.user_id, token)

    async def abandon(self, token: str) -> None:
        """Abandon a sign-in: close the challenge of a token.

        Raises:
            Unavailable: Redis is unavailable; the challenge expires within five minutes.
        """
        await self._challenges.abandon(token)

    def _required(self, email: str, user_id: UUID, token: str) -> ChallengeRequired:
        return ChallengeRequired(email, token, self._trusted.are_offered(user_id), self._factors.ids)

    async def _challenge(self, context: RequestContext, data: SecondStepInput) -> Challenge:
        if data.mfa_token is None:
            return await self._challenges.of_client(context, data.email)
        challenge = await self._challenges.of_token(data.mfa_token.get_secret_value())
        if normalize_email(challenge.email) != normalize_email(data.email):
            raise ChallengeExpired
        return challenge

    async def _check(
        self,
        context: RequestContext,
        challenge: Challenge,
        code: TypedCode,
        trust: bool,
        device: str | None,
    ) -> AuthenticationGrant:
        grant = self._grants.make(
            user_id=challenge.user_id,
            email=challenge.email,
            epoch=challenge.epoch,
            remember=challenge.remember,
            shown=challenge.shown.with_second_factor(code.method, self._factors.amr_of(code)),
            password_changed_at=challenge.password_changed_at,
            trust_device=trust and self._trusted.are_offered(challenge.user_id),
        )
        await self._admit(context, challenge, code, grant, device, _Taken())
        return grant

    @retried
    async def _admit(
        self,
        context: RequestContext,
        challenge: Challenge,
        code: TypedCode,
        grant: AuthenticationGrant,
        device: str | None,
        taken: _Taken,
    ) -> None:
        async with self._deps.database.unit() as connection:
            await self._factors.use(connection, challenge.user_id, code)
            # Only after the code succeeded: a wrong one at the same moment would claim it without notifying
            # the user.
            if not taken.has_asked:
                taken.notice = await self._notices.claim(context, challenge.user_id, challenge.email, device)
                taken.has_asked = True
            await self._deps.audit_log.record(
                connection,
                EventType.MFA_VERIFY_SUCCESS,
                context,
                user_id=grant.user_id,
                session_id=grant.session_id,
            )
            use = CodeUse(context, grant.user_id, grant.session_id, challenge.email)
            await self._factors.record_use(connection, code, use)
            created_at = await self._grants.record(connection, context, grant)
            await self._notices.tell(connection, context, grant, taken.notice, created_at)
            # Last, so that the request that loses the race for the challenge rolls back its own use of the
            # code.
            taken.has_closed = taken.has_closed or await self._challenges.close(challenge)
            if not taken.has_closed:
                raise ChallengeExpired

    async def _note_failure(self, context: RequestContext, challenge: Challenge, **details: Any) -> None:
        await self._deps.audit_log.record_alone(
            EventType.MFA_VERIFY_FAILED, context, user_id=challenge.user_id, **details
        )

    def _limits(self, challenge: Challenge) -> list[RateLimit]:
        own = self._deps.limiter.limits(Limit.MFA_CHALLENGE, challenge.id)
        return [*own, *self._factors.limits(challenge.user_id)]
