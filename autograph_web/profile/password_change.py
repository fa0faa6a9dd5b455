"""Changing the password of an account, given the current one."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.errors import SessionEnded, WrongPassword
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.methods.password.hashing import canonical
from autograph_web.authn.methods.password.method import PasswordMethod
from autograph_web.authn.ports import Checked, Wrong, shown_by
from autograph_web.authn.revocation import Cause, Revocations, Revoked
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import DomainError
from autograph_web.profile.errors import PasswordUnchanged
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.profile.messages import password_changed_email
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from autograph_web.sessions.sessions import Ended


class PasswordChange:
    """Replaces a password; the resulting grant opens a session that replaces the current one."""

    def __init__(
        self,
        deps: UseCaseContext,
        passwords: PasswordMethod,
        revocations: Revocations,
        grants: Grants,
    ) -> None:
        self._deps, self._passwords = deps, passwords
        self._revocations, self._grants = revocations, grants

    async def change(
        self,
        context: RequestContext,
        principal: SessionPrincipal,
        data: PasswordChangeInput,
        device: str | None = None,
    ) -> AuthenticationGrant:
        """Replace the viewer's password and revoke every trusted device.

        With `end_other_sessions` every session and every sign-in in progress ends, and the grant opens the
        only remaining session.

        Raises:
            WrongPassword: The current password is wrong, or was changed meanwhile.
            ReauthenticationRequired: The account has a second factor that this session never verified.
            PasswordUnchanged: The new password equals the current one.
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            RateLimited: Too many wrong passwords; they count together with those of the sign-in.
            SessionEnded: The account was locked or signed out everywhere meanwhile.
            Unavailable: The database is unavailable and nothing changed; or, as `Unfinished`, Redis is.
        """
        email_key, new = normalize_email(principal.email), data.new_password.get_secret_value()
        limits = self._passwords.limits(context, email_key, device)
        async with self._deps.limiter.attempt(limits, email_key, WrongPassword):
            checked = await self._check(context, principal, data.current_password.get_secret_value())
        # Only now, so that errors about the new password are disclosed only to a user who knows the current
        # one.
        if canonical(new) == canonical(data.current_password.get_secret_value()):
            raise PasswordUnchanged
        with _about_the_new_one():
            await self._passwords.require(new, checked.account.email)
        new_hash = await self._passwords.prepare(new, context)
        committed = await self._commit(context, principal, data, checked, new_hash)
        if committed is None:
            raise await self._what_came_between(checked.account)
        account, revoked = committed
        await self._revocations.propagate(revoked, going_on=principal.session_id)
        return self._grant(account, principal, revoked.ended)

    @retried
    async def _commit(
        self,
        context: RequestContext,
        principal: SessionPrincipal,
        data: PasswordChangeInput,
        checked: Checked,
        new_hash: str,
    ) -> tuple[Account, Revoked] | None:
        async with self._deps.database.unit() as connection:
            account = await self._replace(connection, principal, checked, new_hash)
            if account is None:
                return None
            revoked = await self._revoke(connection, context, principal, data)
            await self._deps.audit_log.record(
                connection, EventType.PASSWORD_CHANGED, context, principal=principal
            )
            ended = revoked.ended is not None
            letter = password_changed_email(account.email, context, self._deps.clock.now(), ended=ended)
            await self._deps.outbox.post(connection, letter)
        return account, revoked

    async def _check(self, context: RequestContext, principal: SessionPrincipal, password: str) -> Checked:
        async with self._deps.database.read() as connection:
            account = await accounts.find_by_id(connection, principal.user_id)
        if account is not None:
            _require_assurance(principal, account)
        checked = await self._passwords.check(context, principal.user_id, password)
        if isinstance(checked, Wrong):
            await self._deps.audit_log.record_alone(
                EventType.LOGIN_FAILED,
                context,
                principal=principal,
                password_change=True,
            )
            raise WrongPassword(field="current_password")
        return checked

    async def _replace(
        self, connection: AsyncConnection, principal: SessionPrincipal, checked: Checked, new_hash: str
    ) -> Account | None:
        """Replace the password that was checked; return None if the account has changed since."""
        # The account is locked before its other rows: a concurrent use of one of its links waits here.
        account = await accounts.lock_unchanged(connection, checked.account)
        if account is None:
            return None
        _require_assurance(principal, account)
        return await self._passwords.change(connection, account, new_hash, self._deps.clock.now())

    async def _revoke(
        self,
        connection: AsyncConnection,
        context: RequestContext,
        principal: SessionPrincipal,
        data: PasswordChangeInput,
    ) -> Revoked:
        revoked = await self._revocations.apply(
            connection,
            principal.user_id,
            Cause.PASSWORD_CHANGED,
            keep_sessions=not data.end_other_sessions,
        )
        ended = revoked.ended.session_ids if revoked.ended else []
        others = [one for one in ended if one != principal.session_id]
        if others:
            await self._deps.audit_log.record(
                connection, EventType.SESSION_REVOKED, context, principal=principal, revoked=len(others)
            )
        return revoked

    def _grant(
        self, account: Account, principal: SessionPrincipal, ended: Ended | None
    ) -> AuthenticationGrant:
        shown = shown_by(self._passwords)
        grant = self._grants.of_account(account, shown=shown, remember=principal.remember)
        if ended is not None:
            grant = replace(grant, epoch=ended.epoch)
        if account.mfa_enabled:
            # Only the password was verified: with a second factor enabled, the authentication keeps its age.
            grant = replace(
                grant, method=principal.method, amr=principal.amr, authenticated_at=principal.signed_in_at
            )
        return replace(grant, replaces=principal.session_id)

    async def _what_came_between(self, seen: Account) -> DomainError:
        async with self._deps.database.read() as connection:
            found = await accounts.find_by_id(connection, seen.id)
        if found and found.active and found.session_epoch == seen.session_epoch:
            return WrongPassword(field="current_password")  # a concurrent change was committed first
        return SessionEnded()


def _require_assurance(principal: SessionPrincipal, account: Account) -> None:
    """Reject a session that was opened before the second factor was enabled, and so never verified it.

    Raises:
        ReauthenticationRequired: The session has not verified a second factor.
    """
    if account.mfa_enabled and not principal.assurance.is_two_step:
        raise ReauthenticationRequired


@contextmanager
def _about_the_new_one() -> Generator[None]:
    try:
        yield
    except DomainError as refusal:
        refusal.field = refusal.field and "new_password"
        raise
