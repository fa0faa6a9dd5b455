"""`mail …`: emails that are waiting or could not be delivered."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from autograph_web.commands import later
from autograph_web.commands.common import print_line, with_outbox
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.mail_addresses import sender_address
from autograph_web.infra.randomness import SystemRandomness, random_token
from autograph_web.infra.startup_error import StartupError

_MOST_LISTED = 100

app = typer.Typer()


@app.callback(invoke_without_command=True)
def list_mail(context: typer.Context) -> None:
    """List the letters that are not out, without what they say; or act upon them."""
    if context.invoked_subcommand is None:
        count, waiting = with_outbox(later.load_settings(), lambda outbox: outbox.waiting(_MOST_LISTED))
        print_line(f"{count} letters are not out, the oldest first" if count else "every letter is out")
        if not count:
            return
        table = Table("letter", "posted (UTC)", "tries", "next try (UTC)", "what happened")
        for one in waiting:
            table.add_row(
                str(one.id), _moment(one.created_at), str(one.attempts), _moment(one.due_at), one.last_error
            )
        Console().print(table)


@app.command("retry")
def retry_mail() -> None:
    """Let the server try every letter at once that waits or could not be delivered."""
    count = with_outbox(later.load_settings(), lambda outbox: outbox.retry())
    print_line(f"{count} letters are tried again within seconds by the server that runs")


@app.command("test")
def test_mail(address: Annotated[str, typer.Argument(help="Who is to get it.")]) -> None:
    """Send a letter to ADDRESS right now and tell how that went."""
    settings = later.load_settings()
    letter = later.MailMessage(
        address,
        "A letter to try the mail",
        (f"Letters from {settings.base_url} arrive here.",),
        closing=("Somebody who runs the server asked for this one. There is nothing to do.",),
    )
    now, randomness = SystemClock().now(), SystemRandomness()
    domain = sender_address(settings.mail_from).domain
    parcel = later.Envelope(letter, f"<{random_token(randomness, 16)}@{domain}>", now)
    try:
        asyncio.run(later.carrier_of(settings).carry(parcel))
    except (later.TransientFailure, later.PermanentFailure) as error:
        raise StartupError(f"the letter was not taken: {error.reason}") from None
    server = settings.smtp_server
    print_line(
        f"{server.host} took the letter" if server else f"kept in {settings.data_dir / 'mail'}: no SMTP_URL"
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "none: given up"
