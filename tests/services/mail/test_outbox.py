"""Emails in the outbox: present exactly if the reported event was committed, sealed, deleted once sent."""

import asyncio

import pytest

from autograph_web.container import Services
from autograph_web.infra.crypto.encryption import DecryptionError
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.store import OUTBOX
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import change, how_many, rows

LINK = "https://accounts.example.com/reset-password#a-very-secret-token"
LETTER = MailMessage(
    to="mina@northwind.dev",
    subject="Choose a new password",
    paragraphs=("Somebody asked for it.",),
    action=Action("Choose a new password", LINK),
    facts=(("Where", "192.0.2.5"),),
    closing=("If it wasn't you, do nothing.",),
)


class ChangedMindError(Exception):
    """Aborts a unit of work."""


async def post(services: Services, letter: MailMessage = LETTER) -> None:
    async with services.database.unit() as connection:
        await services.outbox.post(connection, letter)


async def sent(services: Services) -> None:
    """Wait until every email has been sent."""
    async with asyncio.timeout(10):
        while any(row.sent_at is None for row in await rows(services, OUTBOX)):  # noqa: ASYNC110  (the event is another task)
            await asyncio.sleep(0.01)


async def test_a_letter_leaves_as_soon_as_its_unit_of_work_has_committed(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await post(services)
    assert mailbox.letters == [LETTER]
    assert mailbox.link_to(LETTER.to) == LINK
    await sent(services)

    assert mailbox.letters == [LETTER]
    [row] = await rows(services, OUTBOX)
    assert (row.sent_at, row.due_at, row.sealed_letter, row.attempts) == (clock.now(), None, None, 1)


async def test_a_unit_of_work_that_is_taken_back_sends_nothing(services: Services, mailbox: Mailbox) -> None:
    async def change_ones_mind() -> None:
        async with services.database.unit() as connection:
            await services.outbox.post(connection, LETTER)
            raise ChangedMindError

    with pytest.raises(ChangedMindError):
        await change_ones_mind()

    assert await how_many(services, OUTBOX) == 0
    assert mailbox.letters == []


async def test_nothing_of_a_letter_can_be_read_in_the_database(services: Services) -> None:
    await services.courier.close()
    await post(services)

    [row] = await rows(services, OUTBOX)
    text = "\n".join(str(value) for value in row)
    assert [word for word in ("mina", "northwind", "password", "secret", "192.0.2.5") if word in text] == []
    assert services.outbox.open(row) == LETTER


async def test_a_sealed_letter_cannot_be_put_into_another_row(services: Services) -> None:
    await services.courier.close()
    await post(services)
    await change(services, OUTBOX, message_id="<another@localhost>")

    [row] = await rows(services, OUTBOX)
    with pytest.raises(DecryptionError):
        services.outbox.open(row)


async def test_letters_are_forgotten_in_time(services: Services, clock: FakeClock) -> None:
    await post(services)
    await sent(services)
    clock.advance(6 * 86_400)
    assert await services.outbox.purge_expired() == 0
    clock.advance(86_401)
    assert await services.outbox.purge_expired() == 1
    assert await how_many(services, OUTBOX) == 0
