"""What the health of the services comes to."""

from autograph_web.container import Services


async def parts(services: Services) -> dict[str, bool]:
    """Tell of each part the server depends on whether it is well."""
    return {check.name: check.well for check in await services.health.look()}
