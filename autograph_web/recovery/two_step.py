"""Turning two-step verification off when its factor was not the owner's."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.audit.foundation import Foundation
from autograph_web.audit.kinds import Kind
from autograph_web.core.context import RequestContext
from autograph_web.mfa.letters import factor_letter


async def end_two_step(
    connection: AsyncConnection, foundation: Foundation, context: RequestContext, account: Account, why: str
) -> None:
    """Note within the caller's unit of work that the factors of an account are gone, and tell its owner.

    `why` names the words in the table of `factor_letter`.
    """
    await accounts.set_mfa(connection, account.id, enabled=False)
    await foundation.trail.record(connection, Kind.MFA_DISABLED, context, user_id=account.id, reason=why)
    letter = factor_letter(why, account.email, context, foundation.clock.now())
    await foundation.outbox.post(connection, letter)
