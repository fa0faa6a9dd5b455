"""An operator on the command line of the server."""

from uuid import UUID

from autograph_web.admin.user_provisioning import Created, CreationInput
from autograph_web.admin.user_summary import Actor, Role, UserSummary
from autograph_web.container import Services
from autograph_web.infra.context import RequestContext
from autograph_web.infra.ip_addresses import UNKNOWN_ADDRESS
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.services.factories import EMAIL, context, open_pair, register

OPERATOR = Actor("command line: nora", RequestContext(UNKNOWN_ADDRESS, "", "a request"))


async def administrator(services: Services, email: str = "nora@northwind.dev") -> Actor:
    """Return an administrator who has just signed in."""
    account = await register(services, email)
    await services.user_actions.set_role(OPERATOR, account.id, Role.ADMIN)
    return await acting(services, email)


async def acting(services: Services, email: str) -> Actor:
    """Return a user who has just signed in as an operator, whatever their role permits."""
    pair = await open_pair(services, email)
    return Actor.administrator(context(), await services.sessions.authenticate_token(pair.access_token))


async def make_admin(services: Services, email: str) -> UserSummary:
    """Create an administrator account."""
    await create(services, email, Role.ADMIN)
    return await services.user_directory.find(email)


async def create(services: Services, email: str, role: Role = Role.USER, *, invite: bool = False) -> Created:
    """Create an account without a password."""
    return await services.user_provisioning.create(
        OPERATOR, CreationInput(email=email, role=role, invite=invite)
    )


async def lock(services: Services, user_id: UUID) -> object:
    """Lock an account from the command line."""
    return await services.user_actions.lock(OPERATOR, user_id)


async def person(services: Services, email: str = EMAIL) -> UserSummary:
    """Return what an operator sees of an account."""
    return await services.user_directory.find(email)


def caller_of(operator: Actor) -> SessionPrincipal:
    """Return the principal of a signed-in administrator."""
    assert isinstance(operator.caller, SessionPrincipal)
    return operator.caller
