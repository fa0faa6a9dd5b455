"""An operator at the command line of the server."""

from autograph_web.admin.creation import Created, CreationInput
from autograph_web.admin.person import Operator, Person, Role
from autograph_web.core.context import UNKNOWN_ADDRESS, RequestContext
from autograph_web.runtime import Services

OPERATOR = Operator("command line: nora", RequestContext(UNKNOWN_ADDRESS, "", "a request"))


async def make_admin(services: Services, email: str) -> Person:
    """Make an account that administers."""
    await create(services, email, Role.ADMIN)
    return await services.directory.find(email)


async def create(services: Services, email: str, role: Role = Role.USER, *, invite: bool = False) -> Created:
    """Make an account without a password."""
    return await services.creation.create(OPERATOR, CreationInput(email=email, role=role, invite=invite))
