"""What an operator does at the command line reaches the pages of a server that is in use."""

import asyncio
import os
import subprocess
import sys

from playwright.async_api import expect

from tests.journeys.forged_socket import DASHBOARD, forged
from tests.journeys.forms import ENDED, notice_of
from tests.journeys.people import Person
from tests.support.browser import Visitor
from tests.support.live_server import ROOT, LiveServer


async def lock(server: LiveServer, email: str) -> None:
    """Lock an account with nothing but the server's data folder."""
    ours = ("AUTOGRAPH_", "PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "autograph_web", "user", "lock", email],
        cwd=ROOT,
        env={**kept, "PORT": str(server.port), "AUTOGRAPH_DATA_DIR": str(server.data_dir)},
        check=True,
        timeout=60,
    )


async def test_a_locked_account_is_refused_from_the_next_event_and_page_on(
    signed_in: Visitor, person: Person, live_server: LiveServer
) -> None:
    cookie = await signed_in.cookie("autograph_session")
    header = f"autograph_session={cookie['value']}"
    async with forged(live_server.base_url, cookie=header) as socket:
        await socket.hydrate("/dashboard")
        await socket.until(person.email)  # a page that is open, and works
        await lock(live_server, person.email)
        before = len(await socket.settle())
        await socket.call(f"{DASHBOARD}.load")
        heard = (await socket.settle())[before:]
    assert person.email not in heard
    assert "/login?ended=1" in heard

    await signed_in.load("/dashboard")
    await signed_in.at("/login?ended=1&next=%2Fdashboard")
    await expect(notice_of(signed_in)).to_have_text(ENDED)
