"""Confirming who one is in the middle of a session, before changing how one signs in (ASVS 5.0 V7.5)."""

from contextlib import suppress
from dataclasses import replace

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import fold_email
from autograph_web.accounts.errors import SessionEnded, WrongPassword
from autograph_web.audit.kinds import Kind
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.mfa.codes import TypedCode, read_code
from autograph_web.mfa.errors import CodeMalformed, InvalidCode
from autograph_web.mfa.factors import Factors
from autograph_web.sessions.assurance import AuthMethod, as_text
from autograph_web.sessions.viewer import AuthenticationGrant, Viewer
from autograph_web.sign_in.grants import Grants
from autograph_web.sign_in.inputs import ReauthenticationInput
from autograph_web.sign_in.password_verifier import Checked, PasswordVerifier


class _Changed(Exception):
    """The account is not as it was when its password was checked."""


class Reauthentication:
    """Password, and factor if there is one; the answer opens a new session in the place of the old one."""

    def __init__(
        self, foundation: UseCaseContext, passwords: PasswordVerifier, factors: Factors, proofs: Grants
    ) -> None:
        self._on, self._passwords, self._factors, self._proofs = foundation, passwords, factors, proofs

    async def confirm(
        self, context: RequestContext, viewer: Viewer, wish: ReauthenticationInput, device: str | None = None
    ) -> AuthenticationGrant:
        """Check the viewer's password and, with two-step verification on, a code.

        Raises:
            WrongPassword: It is not the viewer's.
            CodeMalformed: A code is needed, and this is none; nothing is counted.
            InvalidCode: Wrong, too old, or used before; or, as `CodeOfReplaced`, of the old authenticator.
            RateLimited: Too many wrong passwords or codes; they count with those of the sign-in.
            SessionEnded: The account was locked or signed out everywhere meanwhile.
            Unavailable: The database is away.
        """
        email_key = fold_email(viewer.email)
        code = _code(viewer, wish)
        limits = self._passwords.limits(context, email_key, device)
        password = wish.password.get_secret_value()
        async with self._on.limiter.attempt(limits, email_key, WrongPassword):
            checked = await self._check(context, viewer, password)
        if code is None:
            return await self._admit(context, viewer, checked, None, password)
        async with self._on.limiter.attempt(
            self._factors.limits(viewer.user_id), viewer.user_id.hex, InvalidCode
        ):
            return await self._admit(context, viewer, checked, code, password)

    async def _check(self, context: RequestContext, viewer: Viewer, password: str) -> Checked:
        async with self._on.database.read() as connection:
            found = await accounts.find_by_id(connection, viewer.user_id)
        checked = await self._passwords.check(context, found, password)
        if checked is None:
            await self._note(Kind.LOGIN_FAILED, context, viewer)
            raise WrongPassword
        return checked

    async def _admit(
        self,
        context: RequestContext,
        viewer: Viewer,
        checked: Checked,
        code: TypedCode | None,
        password: str,
    ) -> AuthenticationGrant:
        now: Checked | None = checked
        try:
            while now is not None:
                with suppress(_Changed):
                    return await self._commit(context, viewer, now, code)
                now = await self._passwords.check_again(context, now, password)
            raise SessionEnded
        except InvalidCode:
            await self._note(Kind.MFA_VERIFY_FAILED, context, viewer)
            raise

    @retried
    async def _commit(
        self, context: RequestContext, viewer: Viewer, checked: Checked, code: TypedCode | None
    ) -> AuthenticationGrant:
        async with self._on.database.unit() as connection:
            # The factor first, as in the second step: the other way round the two could wait for each other.
            if code is not None and not await self._factors.use(connection, viewer.user_id, code):
                raise await self._factors.refusal_of(connection, viewer.user_id, code)
            account = await self._passwords.confirm(connection, checked)
            if account is None:
                raise _Changed  # with that the code is as good as before
            if account.mfa_enabled and code is None:
                raise SessionEnded
            kinds = [Kind.REAUTHENTICATED]
            if code is not None and code.method is AuthMethod.RECOVERY_CODE:
                kinds.append(Kind.RECOVERY_CODE_USED)
            for kind in kinds:
                await self._on.trail.record(
                    connection, kind, context, user_id=viewer.user_id, session_id=viewer.session_id
                )
            if code is not None:
                await self._factors.tell_of_use(connection, context, account.email, code)
        return self._proof(account, viewer, code)

    def _proof(self, account: Account, viewer: Viewer, code: TypedCode | None) -> AuthenticationGrant:
        proof = self._proofs.make(
            user_id=account.id,
            email=account.email,
            epoch=account.session_epoch,
            remember=viewer.remember,
            method=as_text(AuthMethod.PASSWORD, *([code.method] if code else [])),
            password_changed_at=account.password_changed_at,
        )
        return replace(proof, replaces=viewer.session_id)

    async def _note(self, kind: Kind, context: RequestContext, viewer: Viewer) -> None:
        await self._on.trail.record_alone(
            kind, context, user_id=viewer.user_id, session_id=viewer.session_id, reauthentication=True
        )


def _code(viewer: Viewer, wish: ReauthenticationInput) -> TypedCode | None:
    if not viewer.mfa_enabled:
        return None
    if wish.code is None:
        raise CodeMalformed
    return read_code(wish.code.get_secret_value())
