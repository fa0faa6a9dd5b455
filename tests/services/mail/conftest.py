"""The server that accepts emails."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.mail.smtp_server import MailServer


@pytest.fixture
async def office() -> AsyncGenerator[MailServer]:
    """A server that accepts everything."""
    opened = await MailServer().open()
    yield opened
    await opened.close()
