"""A server that is killed without warning right after a commit, or in the middle of delivering an email.

Run as `python -m tests.support.servers.dying_server WHEN DATABASE_URL DATA_DIR`; it prints `now`, then waits.
"""

import asyncio
import sys
from pathlib import Path

from autograph_web.container import build_services
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.transport import Envelope
from tests.support.services.factories import make_settings

LETTER = MailMessage(
    to="mina@northwind.dev",
    subject="Choose a new password",
    paragraphs=("Somebody asked for it.",),
    action=Action("Choose it", "https://accounts.northwind.dev/password-reset/confirm#token=abc"),
)


def wait_for_the_end() -> None:
    """Print that the moment has come, and do nothing more."""
    print("now", flush=True)
    sys.stdin.read()


class DyingCarrier:
    """Is killed in the middle of a delivery."""

    async def carry(self, parcel: Envelope) -> None:
        wait_for_the_end()


async def main(when: str, database_url: str, data_dir: str) -> None:
    """Post an email, and continue up to the given moment."""
    settings = make_settings(Path(data_dir), database_url=database_url, redis_url="unix:///nowhere")
    services = build_services(settings, carrier=DyingCarrier())
    async with services.database.unit() as connection:
        await services.outbox.post(connection, LETTER)
        if when == "before the commit":
            wait_for_the_end()
    if when == "after the commit":
        wait_for_the_end()
    await services.courier.deliver_one()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
