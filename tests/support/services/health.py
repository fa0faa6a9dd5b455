"""The health of the services."""

from autograph_web.container import Services


async def parts(services: Services) -> dict[str, bool]:
    """Return for each dependency of the server whether it is healthy."""
    return {check.name: check.well for check in await services.health.look()}
