"""An audit log whose rows are linked."""

import pytest

from autograph_web.container import Services
from tests.services.audit.chain.helpers import happen


@pytest.fixture
async def ten(services: Services) -> Services:
    """Ten rows, linked."""
    await happen(services, 10)
    await services.audit_chain.link_all()
    return services
