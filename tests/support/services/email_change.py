"""A user who moves an account to another address, and back."""

from autograph_web.accounts.account import Account
from autograph_web.container import Services
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.mail.links import token_to
from tests.support.mail.mailbox import Mailbox
from tests.support.services.factories import EMAIL, context, open_pair, register
from tests.support.services.two_step import principal_of

NEW = "mina@elsewhere.dev"


async def somebody(services: Services, email: str) -> SessionPrincipal:
    """Return a user with an account, signed in."""
    await register(services, email)
    return await principal_of(services, (await open_pair(services, email)).access_token)


async def ask(services: Services, principal: SessionPrincipal, email: str = NEW) -> str:
    """Request another address."""
    return await services.email_change.request(context(), principal, email)


async def confirm(services: Services, token: str) -> Account:
    """Follow the link sent to the new address."""
    return await services.email_change.confirm(context(), token)


async def undo(services: Services, token: str) -> str:
    """Follow the link sent to the old address; return the token with which a new password is set."""
    return (await services.email_undo.undo(context(), token)).token


def confirm_token(mailbox: Mailbox, email: str = NEW) -> str:
    """Return the token of the newest email to a new address."""
    return token_to(mailbox, email, "/change-email")


def undo_token(mailbox: Mailbox, email: str = EMAIL) -> str:
    """Return the token of the newest email to an old address."""
    return token_to(mailbox, email, "/undo-email-change")


async def email_of(services: Services, principal: SessionPrincipal) -> str:
    """Return the address of an account."""
    return (await services.profiles.of(principal.user_id)).email


async def move(services: Services, mailbox: Mailbox, principal: SessionPrincipal, email: str = NEW) -> str:
    """Change the address and return the token that undoes the change."""
    old = await email_of(services, principal)
    await ask(services, principal, email)
    await confirm(services, confirm_token(mailbox, email))
    return undo_token(mailbox, old)
