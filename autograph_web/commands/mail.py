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
from autograph_web.infra.wording import counted

_MOST_LISTED = 100
_RETRIED = "the running server will send them within seconds"

app = typer.Typer()


@app.callback(invoke_without_command=True)
def list_mail(context: typer.Context) -> None:
    """Show and retry queued or failed email."""
    if context.invoked_subcommand is None:
        count, waiting = with_outbox(later.load_settings(), lambda outbox: outbox.waiting(_MOST_LISTED))
        print_line(
            f"{counted(count, 'email')} not delivered, oldest first" if count else "no email is waiting"
        )
        if not count:
            return
        table = Table("id", "queued (UTC)", "attempts", "next attempt (UTC)", "last error")
        for one in waiting:
            table.add_row(
                str(one.id), _moment(one.created_at), str(one.attempts), _moment(one.due_at), one.last_error
            )
        Console().print(table)


@app.command("retry")
def retry_mail() -> None:
    """Retry every queued or failed email immediately."""
    count = with_outbox(later.load_settings(), lambda outbox: outbox.retry())
    print_line(f"{counted(count, 'email')} queued for retry; {_RETRIED}")


@app.command("test")
def test_mail(address: Annotated[str, typer.Argument(help="Recipient email address.")]) -> None:
    """Send a test email to ADDRESS and report the result."""
    settings = later.load_settings()
    letter = later.MailMessage(
        address,
        "Test email",
        (f"Email from {settings.base_url} is working.",),
        closing=("An administrator sent this to test email delivery. You can ignore it.",),
    )
    now, randomness = SystemClock().now(), SystemRandomness()
    domain = sender_address(settings.mail_from).domain
    parcel = later.Envelope(letter, f"<{random_token(randomness, 16)}@{domain}>", now)
    try:
        asyncio.run(later.carrier_of(settings).carry(parcel))
    except (later.TransientFailure, later.PermanentFailure) as error:
        raise StartupError(f"the mail server rejected the email: {error.reason}") from None
    server = settings.smtp_server
    print_line(
        f"accepted by {server.host}" if server else f"kept in {settings.data_dir / 'mail'}: no SMTP_URL"
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "gave up"
