"""The letters of a server without SMTP: where somebody finds what was sent to them."""

import asyncio
import re
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.support.browser import Visitor
from tests.support.live_server import LiveServer

_PATIENCE = 10.0
_LINK = re.compile(r"https?://\S+#token=[\w-]+")


async def letter_to(server: LiveServer, email: str, subject: str) -> EmailMessage:
    """Wait for a letter and return the newest of that subject."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = [letter for letter in _letters(server) if letter["To"] == email]
        fitting = [letter for letter in found if letter["Subject"] == subject]
        if fitting:
            return fitting[-1]
        assert time.monotonic() < deadline, [letter["Subject"] for letter in found]
        await asyncio.sleep(0.1)


def text_of(letter: EmailMessage) -> str:
    """Return what a letter says, however its lines are broken."""
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


async def link_to(server: LiveServer, email: str, subject: str) -> str:
    """Wait for a letter and return the link in it, without the server's part."""
    text = text_of(await letter_to(server, email, subject))
    found = _LINK.search(text)
    assert found, text
    server.secrets.add(found[0].rpartition("=")[2])
    return found[0].removeprefix(server.base_url)


async def follow(visitor: Visitor, link: str) -> None:
    """Open a link as a mail program does, whatever the tab shows."""
    await visitor.page.goto("about:blank")
    await visitor.open(link)


def _letters(server: LiveServer) -> list[EmailMessage]:
    files = sorted((server.data_dir / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
