"""Taking back a sign-in that was somebody else's, by the link in the letter about it."""

from datetime import datetime
from uuid import UUID

from autograph_web.accounts import store as accounts
from autograph_web.accounts.links import Links, Purpose
from autograph_web.api_keys import store as api_keys
from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.core.context import RequestContext
from autograph_web.core.errors import LinkUnknown
from autograph_web.core.retry import retried
from autograph_web.mfa import store as factors
from autograph_web.recovery.two_step import end_two_step
from autograph_web.sessions.sessions import Sessions
from autograph_web.sign_in.notices import RefusableSignIn

_REFUSAL = Purpose.SIGN_IN_REFUSAL


class Refusal:
    """Ends every session, and hands over to choosing a new password: the old one is known."""

    def __init__(self, foundation: Foundation, links: Links, sessions: Sessions, reset_life: int) -> None:
        self._on, self._links, self._sessions, self._reset_life = foundation, links, sessions, reset_life

    async def describe(self, token: str) -> RefusableSignIn:
        """Return the sign-in that the link of `token` is about; nothing is used up.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: The link opens nothing.
            Unavailable: The database is away.
        """
        return RefusableSignIn.decode((await self._links.peek(_REFUSAL, token)).payload)

    @retried
    async def refuse(self, context: RequestContext, token: str) -> str:
        """End every session and API key, and return the token of a link for a new password.

        Every session and sign-in under way, since the password that was used opens more than one. A second
        factor that was set up since that sign-in is taken away: it may be theirs.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: The link opens nothing.
            Unfinished: It is ended, but Redis went away before it could be told.
            Unavailable: Redis or the database is away; nothing was changed.
        """
        await self._sessions.require_certainty()
        owner = (await self._links.peek(_REFUSAL, token)).user_id
        async with self._on.database.unit() as connection:
            await factors.lock(connection, owner)  # before the account, as everywhere
            link = await self._links.consume(connection, _REFUSAL, token)
            found = await accounts.find_by_id(connection, link.user_id)
            if found is None or not found[0].active:
                raise LinkUnknown
            refused = RefusableSignIn.decode(link.payload)
            session_id = UUID(hex=refused.session_id)
            if await factors.forget_since(connection, link.user_id, datetime.fromisoformat(refused.at)):
                await end_two_step(connection, self._on, context, found[0], "refused")
            ended = await self._sessions.end_every(connection, link.user_id, "refused")
            await factors.forget_devices(connection, link.user_id)
            # They may have made a key, or begun to move the account to another address.
            keys = await api_keys.revoke_all(connection, link.user_id, self._on.clock.now())
            await self._links.revoke(connection, link.user_id, Purpose.EMAIL_CHANGE)
            reset = await self._links.issue(
                connection,
                Purpose.PASSWORD_RESET,
                link.user_id,
                self._reset_life,
                found[0].email,
                alone=True,
            )
            await self._on.trail.record(
                connection,
                Kind.SIGN_IN_REFUSED,
                context,
                user_id=link.user_id,
                session_id=session_id,
                revoked=ended.open,
                api_keys=keys,
            )
        await self._sessions.make_certain(ended)
        return reset
