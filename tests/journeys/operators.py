"""What operators do: on the command line of the server, and as administrators on the pages."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

from playwright.async_api import expect

from tests.journeys.person import Person
from tests.support.browser.visitor import Visitor
from tests.support.servers.live_server import ROOT, LiveServer


async def operate(server: LiveServer, *words: str) -> None:
    """Run a command with nothing but the server's data folder."""
    ours = ("AUTOGRAPH_", "PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "autograph_web", *words],
        cwd=ROOT,
        env={**kept, "PORT": str(server.port), "AUTOGRAPH_DATA_DIR": str(server.data_dir)},
        check=True,
        timeout=60,
    )


def give_role(server: LiveServer, email: str, role: str = "admin") -> None:
    """Give an account a role before its first sign-in."""
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.execute("UPDATE users SET role = ? WHERE email = ?", (role, email))


def verify_address(server: LiveServer, email: str) -> None:
    """Mark an account's address as verified, as the link in the email would."""
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        connection.execute("UPDATE users SET email_verified_at = created_at WHERE email = ?", (email,))


async def open_person(visitor: Visitor, email: str) -> None:
    """Find an account and open its page."""
    await visitor.open("/admin/users")
    await visitor.page.get_by_label("Search by email").fill(email)
    await visitor.page.get_by_role("button", name="Search").click()
    await expect(visitor.page.locator("#people tbody tr")).to_have_count(1)
    await visitor.page.get_by_role("link", name=email).click()
    await expect(visitor.page.locator("#person")).to_be_visible()
    await visitor.connected()


async def come_as_admin(visitor: Visitor, server: LiveServer, person: Person) -> None:
    """Sign in as an administrator, who got the role just before."""
    person.join(server)
    give_role(server, person.email)
    await person.come_back(visitor)
