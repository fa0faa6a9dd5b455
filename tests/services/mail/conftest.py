"""The server that takes letters."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.post_office import PostOffice


@pytest.fixture
async def office() -> AsyncGenerator[PostOffice]:
    """A server that takes everything."""
    opened = await PostOffice().open()
    yield opened
    await opened.close()
