"""Where letters arrive in tests."""

import pytest

from autograph_web.core.mail import Letter


class Mailbox:
    """Keeps every letter that was sent."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)


@pytest.fixture
def mailbox() -> Mailbox:
    """The mail of the services under test."""
    return Mailbox()
