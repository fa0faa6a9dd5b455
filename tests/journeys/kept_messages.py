"""What a user does with the emails of a server without SMTP: find, read and follow them."""

import re
from email.message import EmailMessage

from tests.support.browser.visitor import Visitor
from tests.support.mail.kept_messages import raw_text_of, wait_for_letter
from tests.support.servers.live_server import LiveServer

_LINK = re.compile(r"https?://\S+#token=[\w-]+")


def text_of(letter: EmailMessage) -> str:
    """Return the text of an email, however its lines are broken."""
    text = raw_text_of(letter)
    assert text
    return " ".join(text.split())


async def link_to(server: LiveServer, email: str, subject: str) -> str:
    """Wait for an email and return the path of the link in it."""
    text = text_of(await wait_for_letter(server, email, subject))
    found = _LINK.search(text)
    assert found, text
    server.secrets.add(found[0].rpartition("=")[2])
    return found[0].removeprefix(server.base_url)


async def follow(visitor: Visitor, link: str) -> None:
    """Open a link as a mail program does, whatever page the tab shows."""
    await visitor.page.goto("about:blank")
    await visitor.open(link)
