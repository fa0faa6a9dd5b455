"""`python -m autograph_web mail`, as an operator runs it."""

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from autograph_web.container import Services, build_services
from autograph_web.infra.crypto.encryption import DecryptionError
from autograph_web.mail import store
from autograph_web.mail.courier import Courier, Outcome
from autograph_web.mail.message import MailMessage
from autograph_web.mail.store import OUTBOX
from tests.support.clients.command_line import command
from tests.support.mail.mailbox import Mailbox
from tests.support.mail.smtp_server import MailServer
from tests.support.services.clock import FakeClock
from tests.support.services.factories import OLDER_SECRET, SECRET, rows
from tests.support.services.randomness import RecordedEntropy

pytestmark = pytest.mark.slow  # programs are started

LETTER = MailMessage("mina@northwind.dev", "Choose a new password", ("A secret link.",))


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: the statements are tested on both."""
    return sqlite_url


async def post(services: Services) -> None:
    async with services.database.unit() as connection:
        await services.outbox.post(connection, LETTER)


async def give_up(services: Services, clock: FakeClock) -> None:
    async with services.database.unit() as connection:
        claimed = await store.claim(connection, clock.now(), clock.now() + timedelta(seconds=9))
        assert claimed is not None
        await store.give_up(connection, claimed, clock.now(), "SMTP 550")


async def test_what_waits_is_listed_without_what_it_says(services: Services, clock: FakeClock) -> None:
    await services.courier.close()
    assert "no email is waiting" in (await command(services, "mail")).stdout
    await post(services)
    await give_up(services, clock)
    await post(services)

    done = await command(services, "mail")
    assert done.returncode == 0
    assert f"{clock.now():%Y-%m-%d %H:%M}" in done.stdout
    assert "gave up" in done.stdout
    assert "SMTP 550" in done.stdout
    for told in ("mina", "northwind", "password", "secret"):
        assert told not in done.stdout + done.stderr


async def test_what_was_given_up_is_tried_again(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    await services.courier.close()
    await post(services)
    await give_up(services, clock)
    assert "1 email queued for retry" in (await command(services, "mail", "retry")).stdout

    clock.advance(60)
    courier = Courier(services.database, services.outbox, mailbox, clock, RecordedEntropy())
    assert await courier.deliver_one() is Outcome.DONE
    assert mailbox.letters == [LETTER]


async def test_a_trial_letter_is_sent_at_once(services: Services) -> None:
    office = await MailServer().open()
    done = await command(services, "mail", "test", "theo@northwind.dev", SMTP_URL=office.url())
    await office.close()

    assert (done.returncode, done.stdout) == (0, "autograph: accepted by localhost\n")
    [arrived] = office.arrived
    assert arrived.recipients == ["theo@northwind.dev"]


async def test_a_trial_letter_tells_what_is_wrong_in_one_line(services: Services) -> None:
    office = await MailServer(recipient_says=["550 no such person"]).open()
    refused = await command(services, "mail", "test", "theo@northwind.dev", SMTP_URL=office.url())
    await office.close()
    away = await command(services, "mail", "test", "theo@northwind.dev", SMTP_URL=office.url())

    assert (refused.returncode, refused.stderr) == (
        1,
        "autograph: the mail server rejected the email: SMTP 550\n",
    )
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)
    assert "ConnectionRefusedError" in away.stderr


async def test_without_a_server_the_trial_letter_is_kept(services: Services) -> None:
    done = await command(services, "mail", "test", "theo@northwind.dev")

    folder: Path = services.settings.data_dir / "mail"
    [file] = list(folder.glob("*.eml"))  # noqa: ASYNC240  (a test may wait for a disk)
    assert done.returncode == 0
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == "theo@northwind.dev"


async def test_waiting_letters_are_sealed_anew_with_the_newest_key(
    services: Services, clock: FakeClock
) -> None:
    await services.courier.close()
    await post(services)
    rotated = {"AUTOGRAPH_SECRET_KEYS": f"{OLDER_SECRET},{SECRET}"}
    done = await command(services, "keys", "reseal", **rotated)
    assert "re-encrypted 1 queued email" in done.stdout
    assert "re-encrypted 0 queued emails" in (await command(services, "keys", "reseal", **rotated)).stdout

    [row] = await rows(services, OUTBOX)
    with pytest.raises(DecryptionError):
        services.outbox.open(row)
    later = services.settings.model_copy(update={"secret_keys": (OLDER_SECRET,)})
    assert build_services(later, clock).outbox.open(row) == LETTER
