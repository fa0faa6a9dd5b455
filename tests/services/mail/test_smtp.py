"""Letters over SMTP, against a real server that also refuses, stalls, drops and goes away."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from autograph_web.container import Services, build_services
from autograph_web.infra.smtp_url import parse_smtp_url
from autograph_web.lifespan import opened
from autograph_web.mail.courier import Courier, Outcome
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.smtp import SmtpTransport
from autograph_web.mail.store import OUTBOX
from autograph_web.settings import Settings
from tests.support.mail.smtp_server import CREDENTIALS, SECRET, USER, MailServer, told_to_do
from tests.support.servers.certificates import certificate_for_localhost
from tests.support.services.clock import FakeClock
from tests.support.services.factories import rows
from tests.support.services.randomness import RecordedEntropy

LINK = "https://accounts.northwind.dev/password-reset/confirm#token=" + "Zx5cVb6nMa1sDf2gHj3k" * 4
SENDER = "AutoGraph v3 <no-reply@northwind.dev>"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what SMTP does is the same on both."""
    return sqlite_url


MakeCourier = Callable[[str], Courier]


@pytest.fixture
async def courier_to(services: Services, clock: FakeClock, randomness: RecordedEntropy) -> MakeCourier:
    """Makes a courier that only moves when told to; the one of the services rests."""
    await services.courier.close()

    def make(url: str) -> Courier:
        carrier = SmtpTransport(parse_smtp_url(url), SENDER, reply_seconds=0.5)
        return Courier(services.database, services.outbox, carrier, clock, randomness)

    return make


def letter(to: str = "mina@northwind.dev", subject: str = "Choose a new password") -> MailMessage:
    return MailMessage(
        to=to,
        subject=subject,
        paragraphs=("Somebody asked for a new password – <b>you</b>?",),
        action=Action("Choose it", LINK),
        facts=(("Where", "192.0.2.5"),),
        closing=("If it wasn't you, do nothing.",),
    )


async def post(services: Services, *letters: MailMessage) -> None:
    async with services.database.unit() as connection:
        for one in letters or (letter(),):
            await services.outbox.post(connection, one)


async def the_row(services: Services) -> Any:
    [row] = await rows(services, OUTBOX)
    return row


async def test_a_letter_arrives_as_text_and_html(
    services: Services, courier_to: MakeCourier, office: MailServer, clock: FakeClock
) -> None:
    await post(services)
    assert await courier_to(office.url()).deliver_one() is Outcome.DONE

    [arrived] = office.arrived
    message, row = arrived.message, await the_row(services)
    assert (arrived.sender, arrived.recipients) == ("no-reply@northwind.dev", ["mina@northwind.dev"])
    assert (message["From"], message["To"]) == (SENDER, "mina@northwind.dev")
    assert message["Subject"] == "Choose a new password"
    assert message["Message-ID"] == row.message_id
    assert message["Date"].datetime == clock.now()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert f"\n{LINK}\n" in text.get_content().replace("\r\n", "\n")
    assert LINK.encode() in arrived.raw, "the address is broken in the message itself"
    assert f'href="{LINK}"' in html.get_content()
    assert "&lt;b&gt;you&lt;/b&gt;" in html.get_content()
    assert (row.sent_at, row.sealed_letter) == (clock.now(), None)


async def test_a_running_server_sends_by_itself(settings: Settings, office: MailServer) -> None:
    async with opened(build_services(settings.model_copy(update={"smtp_url": office.url()}))) as services:
        await post(services, letter(), letter("theo@northwind.dev"))
        async with asyncio.timeout(5):
            while not all(row.sent_at for row in await rows(services, OUTBOX)):  # noqa: ASYNC110  (a task)
                await asyncio.sleep(0.01)

    assert {arrived.recipients[0] for arrived in office.arrived} == {
        "mina@northwind.dev",
        "theo@northwind.dev",
    }


async def test_starttls_comes_before_credentials_and_a_private_authority_is_believed(
    services: Services, courier_to: MakeCourier, tmp_path: Path
) -> None:
    context, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=context, credentials=(USER, SECRET)).open()
    await post(services)
    await courier_to(office.url(CREDENTIALS, ca=str(authority))).deliver_one()
    await office.close()

    [arrived] = office.arrived
    assert (arrived.encrypted, arrived.authenticated) == (True, True)


async def test_tls_from_the_first_byte(services: Services, courier_to: MakeCourier, tmp_path: Path) -> None:
    context, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=context, implicit=True, credentials=(USER, SECRET)).open()
    await post(services)
    await courier_to(office.url(CREDENTIALS, ca=str(authority))).deliver_one()
    await office.close()

    assert [(arrived.encrypted, arrived.authenticated) for arrived in office.arrived] == [(True, True)]


async def test_a_certificate_nobody_vouches_for_gets_neither_credentials_nor_letters(
    services: Services, courier_to: MakeCourier, tmp_path: Path
) -> None:
    context, _ = certificate_for_localhost(tmp_path)
    for implicit in (False, True):
        office = await MailServer(certificate=context, implicit=implicit, credentials=(USER, SECRET)).open()
        await post(services)
        assert await courier_to(office.url(CREDENTIALS)).deliver_one() is Outcome.SETBACK
        await office.close()
        assert office.arrived == []

    assert all(row.sent_at is None and row.due_at is not None for row in await rows(services, OUTBOX))


async def test_a_server_without_starttls_gets_nothing(
    services: Services, courier_to: MakeCourier, office: MailServer
) -> None:
    for url in (office.url(starttls="required"), office.url(CREDENTIALS)):
        await post(services)
        assert await courier_to(url).deliver_one() is Outcome.SETBACK

    assert office.arrived == []
    for row in await rows(services, OUTBOX):
        assert (row.failed_at, row.last_error) == (None, "SMTP STARTTLS extension not supported by server.")


async def test_wrong_credentials_wait_to_be_put_right_and_are_not_logged(
    services: Services, courier_to: MakeCourier, tmp_path: Path
) -> None:
    context, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=context, credentials=(USER, "another")).open()
    await post(services)
    with capture_logs() as logs:
        await courier_to(office.url(CREDENTIALS, ca=str(authority))).deliver_one()
    await office.close()

    row = await the_row(services)
    assert (row.failed_at, row.last_error) == (None, "SMTPAuthenticationError 535")
    assert [line["event"] for line in logs] == ["letter_postponed"]
    for told in (USER, SECRET, "mina", "northwind", LINK):
        assert told not in str(logs)


@pytest.mark.parametrize(
    "data",
    [
        {"recipient_says": ["451 try later"]},
        {"data_says": ["452 full"]},
        {"recipient_says": ["450 greylisted"]},
    ],
    ids=str,
)
async def test_a_refusal_for_now_is_tried_again_later(
    services: Services, courier_to: MakeCourier, clock: FakeClock, data: dict[str, list[str]]
) -> None:
    [answer] = [answer for answers in data.values() for answer in answers]
    office = await MailServer(**data).open()  # pyright: ignore[reportArgumentType]
    courier = courier_to(office.url())
    await post(services)
    assert await courier.deliver_one() is Outcome.DONE, "the next letter would have to wait as well"

    row = await the_row(services)
    assert (row.last_error, row.failed_at, row.attempts) == (f"SMTP {answer[:3]}", None, 1)
    assert timedelta(seconds=11) < row.due_at - clock.now() < timedelta(seconds=19)
    assert await courier.deliver_one() is Outcome.NOTHING
    clock.advance(19)
    assert await courier.deliver_one() is Outcome.DONE
    await office.close()
    [arrived] = office.arrived
    assert arrived.message["Message-ID"] == row.message_id
    assert (await the_row(services)).last_error is None


@pytest.mark.parametrize(
    "data", [{"recipient_says": ["550 no such person"]}, {"data_says": ["554 no"]}], ids=str
)
async def test_a_refusal_for_good_fails_at_once_and_stays_to_be_seen(
    services: Services, courier_to: MakeCourier, clock: FakeClock, data: dict[str, list[str]]
) -> None:
    [answer] = [answer for answers in data.values() for answer in answers]
    office = await MailServer(**data).open()  # pyright: ignore[reportArgumentType]
    await post(services)
    assert await courier_to(office.url()).deliver_one() is Outcome.DONE
    clock.advance(86_400)
    assert await courier_to(office.url()).deliver_one() is Outcome.NOTHING
    await office.close()

    row = await the_row(services)
    assert (row.last_error, row.due_at, row.sent_at) == (f"SMTP {answer[:3]}", None, None)
    assert row.failed_at is not None
    assert services.outbox.open(row) == letter()


async def test_a_server_that_stalls_is_left_in_time(services: Services, courier_to: MakeCourier) -> None:
    office = await MailServer(stalls=True).open()
    await post(services)
    assert await courier_to(office.url()).deliver_one() is Outcome.SETBACK
    await office.close()

    assert (await the_row(services)).last_error == "SMTPReadTimeoutError (TimeoutError)"


async def test_a_line_that_drops_in_the_middle_of_a_letter_loses_nothing(
    services: Services, courier_to: MakeCourier, clock: FakeClock
) -> None:
    office = await MailServer(drops=True).open()
    courier = courier_to(office.url())
    await post(services)
    assert await courier.deliver_one() is Outcome.SETBACK
    assert "Disconnected" in (await the_row(services)).last_error

    office.drops = False
    clock.advance(60)
    assert await courier.deliver_one() is Outcome.DONE
    await office.close()
    assert len(office.arrived) == 1


async def test_letters_wait_for_a_server_that_is_away(
    services: Services, courier_to: MakeCourier, office: MailServer, clock: FakeClock
) -> None:
    courier = courier_to(office.url())
    await office.close()
    await post(services, letter(), letter("theo@northwind.dev"))
    for _ in range(6):
        while await courier.deliver_one() is not Outcome.NOTHING:
            pass
        clock.advance(3600)
    assert {row.last_error for row in await rows(services, OUTBOX)} == {
        "SMTPConnectError (ConnectionRefusedError)"
    }

    await office.open()
    while await courier.deliver_one() is not Outcome.NOTHING:
        pass
    assert sorted(arrived.recipients[0] for arrived in office.arrived) == [
        "mina@northwind.dev",
        "theo@northwind.dev",
    ]


async def test_the_pauses_grow_to_hours_and_end_after_days(
    services: Services, courier_to: MakeCourier, office: MailServer, clock: FakeClock
) -> None:
    courier, start = courier_to(office.url()), clock.now()
    await office.close()
    await post(services)
    pauses: list[float] = []
    while (row := await the_row(services)).failed_at is None:
        clock.advance((row.due_at - clock.now()).total_seconds())
        before = clock.now()
        assert await courier.deliver_one() is Outcome.SETBACK
        row = await the_row(services)
        if row.due_at:
            pauses.append((row.due_at - before).total_seconds())

    # Up to a quarter more or less than twice the one before, until three hours.
    assert all(0.75 * 2 * 2**n <= pause <= 1.25 * 2 * 2**n for n, pause in enumerate(pauses[:13]))
    assert all(0.75 * 10_800 <= pause <= 1.25 * 10_800 for pause in pauses[13:])
    assert len({pause / 10_800 for pause in pauses[13:]}) > 3
    assert timedelta(days=2, hours=20) < clock.now() - start <= timedelta(days=3)


async def test_names_beyond_ascii(services: Services, courier_to: MakeCourier, office: MailServer) -> None:
    await post(services, letter("mina@bücher.example", "Übergröße"), letter("miña@bücher.example"))
    courier = courier_to(office.url())
    assert [await courier.deliver_one() for _ in range(2)] == [Outcome.DONE] * 2

    first, second = office.arrived
    assert first.recipients == ["mina@xn--bcher-kva.example"]
    assert first.message["Subject"] == "Übergröße"
    assert first.raw.split(b"\r\n\r\n")[0].isascii()
    assert second.recipients == ["miña@xn--bcher-kva.example"]
    assert second.message["To"] == "miña@xn--bcher-kva.example"


async def test_a_local_part_the_server_does_not_understand_fails_for_good(
    services: Services, courier_to: MakeCourier
) -> None:
    office = await MailServer(utf8=False).open()
    await post(services, letter("miña@northwind.dev"), letter("mina@bücher.example"))
    courier = courier_to(office.url())
    assert [await courier.deliver_one() for _ in range(2)] == [Outcome.DONE] * 2
    await office.close()

    assert [arrived.recipients for arrived in office.arrived] == [["mina@xn--bcher-kva.example"]]
    [failed] = [row for row in await rows(services, OUTBOX) if row.failed_at]
    assert failed.last_error == "SMTPUTF8 is not offered"


@pytest.mark.parametrize(
    "evil",
    [
        letter("mina@northwind.dev\r\nBcc: theo@northwind.dev"),
        letter("mina@northwind.dev, theo@northwind.dev"),
        letter("mina@northwind.dev> SIZE=1\r\nRCPT TO:<theo@northwind.dev"),
        letter('"mina\r\nBcc: theo@northwind.dev"@northwind.dev'),
        letter("mina@northwind.dev\u2028Bcc: theo@northwind.dev"),
        letter(subject="Hello\r\nBcc: theo@northwind.dev"),
        letter(subject="Hello\n\nanother body"),
        letter("northwind.dev"),
        letter(""),
    ],
    ids=lambda one: f"{one.to!r} {one.subject!r}",
)
async def test_nothing_gets_into_the_envelope_or_the_headers(
    services: Services, courier_to: MakeCourier, office: MailServer, evil: MailMessage
) -> None:
    await post(services, evil)
    assert await courier_to(office.url()).deliver_one() is Outcome.DONE

    assert office.arrived == []
    row = await the_row(services)
    assert row.failed_at is not None
    assert row.last_error in ("UnusableAddress", "ValueError")


async def test_a_wrong_password_is_told_with_where_it_stands(
    services: Services, courier_to: MakeCourier, tmp_path: Path
) -> None:
    certificate, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=certificate, credentials=(USER, "another")).open()
    url = office.url(CREDENTIALS, ca=str(authority))
    assert "user and password in SMTP_URL" in await told_to_do(url)
    await post(services)
    with capture_logs() as logs:
        await courier_to(url).deliver_one()
    await office.close()
    assert "user and password in SMTP_URL" in logs[0]["advice"]
