"""Reading a kept email during development, and following its link."""

from datetime import UTC, datetime

import pytest_asyncio
from playwright.async_api import expect

from autograph_web.mail.file_transport import FileTransport
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.transport import Envelope
from tests.journeys.conftest import Visit
from tests.support.browser.visitor import Device, Visitor
from tests.support.servers.live_server import LiveServer

SENDER = "AutoGraph v3 <no-reply@localhost>"


@pytest_asyncio.fixture(loop_scope="session")
async def developer(visit: Visit, device: Device) -> Visitor:
    """A developer on the machine itself, without a proxy in between."""
    visitor = await visit(device)
    await visitor.context.set_extra_http_headers({})
    return visitor


async def keep(server: LiveServer, subject: str) -> None:
    letter = MailMessage(
        "mina@northwind.dev",
        subject,
        ("Somebody asked for a new password of your account.",),
        Action("Choose a new password", f"{server.base_url}/login?next=%2Fsettings%2Fsecurity"),
        (("When", "2026-03-01 12:00 UTC"), ("Where", "192.0.2.5"), ("With", "Firefox 140 on Linux")),
        ("If it wasn't you, do nothing.",),
    )
    folder = FileTransport(server.data_dir / "mail", SENDER)
    await folder.carry(Envelope(letter, f"<{hash(subject) % 10**22:022d}@localhost>", datetime.now(UTC)))


async def test_a_letter_is_found_read_and_followed(developer: Visitor, live_server: LiveServer) -> None:
    await keep(live_server, "Choose a new password")
    await developer.load("/dev/mail")
    await developer.check()
    await developer.page.get_by_role("link", name="Choose a new password").first.click()
    await expect(developer.page.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    frame = developer.page.frame_locator("iframe")
    await expect(frame.get_by_role("heading", level=1)).to_have_text("Choose a new password")
    await developer.check()

    async with developer.context.expect_page() as opened:
        await frame.get_by_role("link", name="Choose a new password").click()
    page = await opened.value
    await expect(page).to_have_url(f"{live_server.base_url}/login?next=%2Fsettings%2Fsecurity")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_a_proxied_visitor_finds_nothing_there(visitor: Visitor, live_server: LiveServer) -> None:
    await keep(live_server, "Not for you")
    visitor.allow("404")
    response = await visitor.load("/dev/mail")

    assert response.status == 404
    assert "Not for you" not in await visitor.page.content()
