"""Emails that are kept because no server is configured: limited in time and in number."""

from datetime import timedelta
from pathlib import Path

from autograph_web.mail.file_transport import FileTransport
from autograph_web.mail.message import MailMessage
from autograph_web.mail.transport import Envelope
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL

LETTER = MailMessage(to=EMAIL, subject="Hello", paragraphs=("Hello.",))
MOST, DAYS = 1000, 30


def kept(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def name(moment: str, number: int = 0) -> str:
    return f"{moment}-{number:022d}.eml"


async def test_what_is_older_than_a_month_goes(tmp_path: Path, clock: FakeClock) -> None:
    now = clock.now()
    old, young = (f"{now - timedelta(days=days):%Y%m%dT%H%M%S}" for days in (DAYS + 1, DAYS - 1))
    others = {name(young), "notes.txt", "20200101T000000-short.eml"}
    for file in {name(old), *others}:
        (tmp_path / file).touch()
    await FileTransport(tmp_path, EMAIL).carry(Envelope(LETTER, f"<{'x' * 22}@localhost>", now))

    assert kept(tmp_path) == {f"{now:%Y%m%dT%H%M%S}-{'x' * 22}.eml", *others}


async def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, clock: FakeClock) -> None:
    yesterday = f"{clock.now() - timedelta(days=1):%Y%m%dT%H%M%S}"
    for number in range(MOST + 5):
        (tmp_path / name(yesterday, number)).touch()
    await FileTransport(tmp_path, EMAIL).carry(Envelope(LETTER, f"<{'x' * 22}@localhost>", clock.now()))

    assert len(kept(tmp_path)) == MOST
    assert name(yesterday, 5) not in kept(tmp_path)
    assert name(yesterday, 6) in kept(tmp_path)
