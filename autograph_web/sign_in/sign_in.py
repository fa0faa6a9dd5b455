"""The sign-in: from an email and a password to the proof of a session, or to the second step."""

from dataclasses import dataclass
from typing import Any

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import fold_email
from autograph_web.accounts.verification import Verification
from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.mfa.trusted_devices import TrustedDevices
from autograph_web.sessions.assurance import AuthMethod, as_text
from autograph_web.sessions.viewer import AuthenticationGrant
from autograph_web.sign_in.challenges import ChallengeRequired, Challenges
from autograph_web.sign_in.errors import EmailNotVerified, InvalidCredentials
from autograph_web.sign_in.grants import Grants
from autograph_web.sign_in.inputs import SignInInput
from autograph_web.sign_in.new_device_alerts import NewDeviceAlerts
from autograph_web.sign_in.password_verifier import Checked, PasswordVerifier


@dataclass(frozen=True, slots=True)
class _Attempt:
    context: RequestContext
    email_key: str
    password: str
    remember: bool
    device: str | None
    trusted: str | None


class SignIn:
    """Decides whether somebody is who they say, and says nothing more than yes or no."""

    def __init__(
        self,
        foundation: UseCaseContext,
        passwords: PasswordVerifier,
        proofs: Grants,
        challenges: Challenges,
        trusted: TrustedDevices,
        notices: NewDeviceAlerts,
        verification: Verification,
    ) -> None:
        self._verification = verification
        self._on, self._passwords, self._proofs = foundation, passwords, proofs
        self._challenges, self._trusted, self._notices = challenges, trusted, notices

    async def start(
        self,
        context: RequestContext,
        wish: SignInInput,
        device: str | None = None,
        trusted: str | None = None,
    ) -> AuthenticationGrant | ChallengeRequired:
        """Check an email and a password; `device` and `trusted` are the browser's cookies of these names.

        Raises:
            InvalidCredentials: They do not match, the account is unknown or locked: one answer, one timing.
            EmailNotVerified: They match, and this server first wants the address verified.
            RateLimited: Too many failures from this address or for this account.
            Unavailable: The database is away or too many passwords are waiting; the try does not count.
        """
        email_key, password = fold_email(wish.email), wish.password.get_secret_value()
        attempt = _Attempt(context, email_key, password, wish.remember_me, device, trusted)
        limits = self._passwords.limits(context, email_key, device)
        try:
            async with self._on.limiter.attempt(limits, email_key, InvalidCredentials):
                return await self._check(attempt)
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note(attempt, Kind.LOGIN_RATE_LIMITED, retry_after=refusal.retry_after)
            raise

    @retried
    async def after_registration(self, context: RequestContext, account: Account) -> AuthenticationGrant:
        """Sign in who has just registered: the password was typed a moment ago.

        Raises:
            EmailNotVerified: This server first wants the address verified.
            Unavailable: The database is away.
        """
        if self._verification.is_missing(account):
            raise EmailNotVerified
        proof = self._proof(account, remember=False, method=as_text(AuthMethod.PASSWORD))
        async with self._on.database.unit() as connection:
            await self._proofs.record(connection, context, proof)
        return proof

    async def _check(self, attempt: _Attempt) -> AuthenticationGrant | ChallengeRequired:
        found = await accounts.look_up(self._on.database, attempt.email_key)
        checked = await self._passwords.check(attempt.context, found, attempt.password)
        if checked is None:
            raise await self._refusal(attempt, found[0] if found else None)
        if self._verification.is_missing(checked.account):
            # Only who knows the password gets to hear it.
            await self._note(attempt, Kind.LOGIN_FAILED, checked.account, reason=EmailNotVerified.code)
            raise EmailNotVerified
        admitted = await self._admit(attempt, checked)
        if admitted is None:
            raise await self._refusal(attempt, checked.account)
        return admitted

    async def _admit(
        self, attempt: _Attempt, checked: Checked
    ) -> AuthenticationGrant | ChallengeRequired | None:
        account: Account | None = checked.account
        trusted = await self._trusted.recognise(attempt.trusted, account.id)
        claimed = None
        if not trusted and not account.mfa_enabled:
            claimed = await self._notices.claim(attempt.context, account.id, account.email, attempt.device)
        now: Checked | None = checked
        while now is not None:
            account, proof = await self._confirm(attempt, now, claimed, trusted=trusted)
            if proof is not None:
                return proof
            if account is not None:
                return await self._challenge(attempt, account)
            now = await self._passwords.check_again(attempt.context, now, attempt.password)
        return None

    @retried
    async def _confirm(
        self, attempt: _Attempt, checked: Checked, claimed: Any, *, trusted: bool
    ) -> tuple[Account | None, AuthenticationGrant | None]:
        """Return the account if it is still what was checked, and a proof if that is all it asks for."""
        async with self._on.database.unit() as connection:
            account = await self._passwords.confirm(connection, checked)
            if account is None:
                return None, None
            if account.mfa_enabled and not trusted:
                kind = Kind.LOGIN_MFA_REQUIRED
                await self._on.trail.record(connection, kind, attempt.context, user_id=account.id)
                return account, None
            stands_in = [AuthMethod.TRUSTED_DEVICE] if account.mfa_enabled else []
            method = as_text(AuthMethod.PASSWORD, *stands_in)
            proof = self._proof(account, attempt.remember, method)
            created_at = await self._proofs.record(connection, attempt.context, proof)
            await self._notices.tell(connection, attempt.context, proof, claimed, created_at)
            return account, proof

    async def _challenge(self, attempt: _Attempt, account: Account) -> ChallengeRequired:
        token = await self._challenges.open(attempt.context, account, remember=attempt.remember)
        return ChallengeRequired(account.email, token, self._trusted.are_offered(account.id))

    def _proof(self, account: Account, remember: bool, method: str) -> AuthenticationGrant:
        return self._proofs.make(
            user_id=account.id,
            email=account.email,
            epoch=account.session_epoch,
            remember=remember,
            method=method,
            password_changed_at=account.password_changed_at,
        )

    async def _refusal(self, attempt: _Attempt, account: Account | None) -> InvalidCredentials:
        # An unknown address is written down too, so both refusals do the same work; what was typed is not
        # kept unless it is an account's address: people type passwords into the wrong field.
        await self._note(attempt, Kind.LOGIN_FAILED, account, known_account=account is not None)
        return InvalidCredentials()

    async def _note(
        self, attempt: _Attempt, kind: Kind, account: Account | None = None, **details: Any
    ) -> None:
        user_id = account.id if account else None
        await self._on.trail.record_alone(kind, attempt.context, user_id=user_id, **details)
