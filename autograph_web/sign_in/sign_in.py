"""The sign-in: limits, password, audit; the same for pages and REST."""

from dataclasses import dataclass
from typing import Any

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import fold_email
from autograph_web.accounts.hashing import PasswordHasher
from autograph_web.accounts.passwords import MOST_BYTES
from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.core.context import RequestContext
from autograph_web.core.entropy import random_uuid
from autograph_web.core.errors import InvalidCredentials
from autograph_web.core.limits import Allowance, Budget, BudgetSpent, Reservation, address_bucket, subject_key
from autograph_web.sessions.viewer import SignedIn
from autograph_web.sign_in.inputs import SignInInput
from autograph_web.sign_in.known_devices import KnownDevices


@dataclass(frozen=True, slots=True)
class _Attempt:
    context: RequestContext
    email_key: str
    password: str
    remember: bool


class SignIn:
    """Decides whether somebody is who they say, and says nothing more than yes or no."""

    def __init__(
        self, foundation: Foundation, hasher: PasswordHasher, devices: KnownDevices, allowance: Allowance
    ) -> None:
        self._on, self._hasher, self._devices, self._allowance = foundation, hasher, devices, allowance

    async def start(self, context: RequestContext, wish: SignInInput, device: str | None = None) -> SignedIn:
        """Check an email and a password; `device` is the browser's device cookie, if it has one.

        Raises:
            InvalidCredentials: They do not match, the account is unknown or locked: one answer, one timing.
            RateLimited: Too many failures from this address or for this account.
            Unavailable: The database is away or too many passwords are waiting; the try does not count.
        """
        attempt = _Attempt(
            context, fold_email(wish.email), wish.password.get_secret_value(), wish.remember_me
        )
        reservation = await self._reserve(attempt, device)
        try:
            proof = await self._check(attempt)
        except InvalidCredentials:
            await self._on.limiter.settle(reservation, succeeded=False)
            raise
        except BaseException:
            await self._on.limiter.withdraw(reservation)
            raise
        await self._on.limiter.settle(reservation, succeeded=True)
        return proof

    async def after_registration(self, context: RequestContext, account: Account) -> SignedIn:
        """Sign in who has just registered: the password was typed a moment ago.

        Raises:
            Unavailable: The database is away.
        """
        proof = self._proof(account, remember=False)
        await self._on.trail.record_alone(
            Kind.LOGIN_SUCCESS,
            context,
            user_id=account.id,
            session_id=proof.session_id,
            method="registration",
        )
        return proof

    def device_cookie(self, proof: SignedIn) -> str:
        """Return a device cookie for who has just signed in with `proof`."""
        return self._devices.issue(fold_email(proof.email))

    async def _reserve(self, attempt: _Attempt, device: str | None) -> Reservation:
        try:
            return await self._on.limiter.reserve(self._budgets(attempt, device), subject=attempt.email_key)
        except BudgetSpent as refusal:
            if refusal.first:
                await self._note(attempt, Kind.LOGIN_RATE_LIMITED, retry_after=refusal.retry_after)
            raise

    def _budgets(self, attempt: _Attempt, device: str | None) -> list[Budget]:
        nonce = self._devices.recognise(device, attempt.email_key)
        # A known device has a budget of its own for its account; strangers share the account's.
        whose = f"{attempt.email_key}\n{nonce}" if nonce else attempt.email_key
        keys = (
            f"rate_limit:login:{address_bucket(attempt.context.ip)}",
            subject_key("rate_limit:login_account", whose),
        )
        return [self._allowance.under(key) for key in keys]

    async def _check(self, attempt: _Attempt) -> SignedIn:
        async with self._on.database.read() as connection:
            found = await accounts.find_by_email(connection, attempt.email_key)
        account, known_hash = found or (None, None)
        if not await self._matches(attempt.password, known_hash) or account is None or known_hash is None:
            raise await self._refusal(attempt, account)
        return await self._admit(attempt, account, known_hash)

    async def _matches(self, password: str, known_hash: str | None) -> bool:
        # Over the cap nothing can match, and the work stays that of any other wrong password.
        too_long = len(password) > MOST_BYTES or len(password.encode("utf-8", "replace")) > MOST_BYTES
        return await self._hasher.verify("" if too_long else password, None if too_long else known_hash)

    async def _admit(self, attempt: _Attempt, account: Account, known_hash: str) -> SignedIn:
        new_hash = known_hash
        if self._hasher.outdated(known_hash):
            new_hash = await self._hasher.hash(attempt.password)
        proof = self._proof(account, attempt.remember)
        async with self._on.database.unit() as connection:
            now = proof.authenticated_at
            if await accounts.note_sign_in(connection, account, known_hash, new_hash, now):
                await self._on.trail.record(
                    connection,
                    Kind.LOGIN_SUCCESS,
                    attempt.context,
                    user_id=account.id,
                    session_id=proof.session_id,
                    method=proof.method,
                    remember_me=proof.remember,
                )
                return proof
        raise await self._refusal(attempt, account)

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

    def _proof(self, account: Account, remember: bool, method: str = "password") -> SignedIn:
        return SignedIn(
            session_id=random_uuid(self._on.entropy),
            user_id=account.id,
            email=account.email,
            epoch=account.session_epoch,
            remember=remember,
            method=method,
            authenticated_at=self._on.clock.now(),
        )
