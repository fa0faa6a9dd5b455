"""The emails that a running server keeps in its data folder, as a mail program would read them."""

import asyncio
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from tests.support.servers.live_server import LiveServer

_PATIENCE_S = 10.0


async def wait_for_letter(server: LiveServer, email: str, subject: str) -> EmailMessage:
    """Return the newest email to `email` about `subject`, as soon as there is one."""
    return (await _letters(server, email, lambda letter: letter["Subject"] == subject, 1))[-1]


async def link_in_letter(server: LiveServer, email: str, page: str, number: int = 1) -> str:
    """Return the one-time link to `page` in the `number`th email to `email` that has one.

    Its token must not appear in the server's log.
    """
    link = re.compile(rf"https?://[^\s/]+{re.escape(page)}#token=([\w-]+)")
    letters = await _letters(server, email, lambda letter: bool(link.search(raw_text_of(letter))), number)
    [found] = link.finditer(raw_text_of(letters[number - 1]))
    server.secrets.add(found[1])
    return found[0]


async def _letters(
    server: LiveServer, email: str, wanted: Callable[[EmailMessage], bool], number: int
) -> list[EmailMessage]:
    """Return the matching emails to `email`, oldest first, as soon as there are `number` of them."""
    for _ in range(int(_PATIENCE_S / 0.05)):
        files = sorted((server.data_dir / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        found = [letter for to, letter in map(_read, files) if to == email and wanted(letter)]
        if len(found) >= number:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"letter {number} to {email} did not come")


@cache
def _read(file: Path) -> tuple[str, EmailMessage]:
    """Return the recipient of an email, and the email; a file that has its final name is complete."""
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    return str(letter["To"]), letter


def raw_text_of(letter: EmailMessage) -> str:
    """Return the plain text of an email as it was sent."""
    body = letter.get_body(("plain",))
    return "" if body is None else str(body.get_content())
