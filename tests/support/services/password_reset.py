"""A user who has forgotten a password, and the steps of a reset."""

from autograph_web.accounts.account import Account
from autograph_web.container import Services
from autograph_web.infra.context import RequestContext
from tests.support.mail.mailbox import Mailbox
from tests.support.services.factories import EMAIL, context

NEW_PASSWORD = "fourteen lanterns over calm water"


async def ask(services: Services, email: str = EMAIL, ip: str = "203.0.113.7") -> None:
    """Request a link for a new password."""
    await services.password_reset.request(context(ip), email)


def token_in(mailbox: Mailbox, email: str = EMAIL) -> str:
    """Return the token of the newest email to `email`."""
    address, mark, token = mailbox.link_to(email).partition("#token=")
    assert address.endswith("/password-reset/confirm")
    assert mark
    return token


async def ask_and_open(services: Services, mailbox: Mailbox, email: str = EMAIL) -> str:
    """Request a link and return the token that arrives."""
    await ask(services, email)
    return token_in(mailbox, email)


async def choose(
    services: Services, token: str, password: str = NEW_PASSWORD, asking: RequestContext | None = None
) -> Account:
    """Set a new password with the token of a link."""
    return (await services.password_reset.confirm(asking or context(), token, password)).account
