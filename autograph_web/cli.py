"""The command line: `python -m autograph_web …`."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table

from autograph_web import frontend
from autograph_web.commands import audit, doctor, flags, keys, user
from autograph_web.commands.common import bring_up_to_date, redis_url, refuse_redis, say, with_outbox
from autograph_web.core import tracing
from autograph_web.core.clock import SystemClock
from autograph_web.core.entropy import SystemEntropy, random_token
from autograph_web.core.mail_addresses import sender_address
from autograph_web.core.secret_file import SecretError
from autograph_web.core.start_error import StartError
from autograph_web.frontend.build import pinned_packages, tool_environment
from autograph_web.frontend.paths import ROOT
from autograph_web.mail.carrier import NotNow, Parcel, Undeliverable
from autograph_web.mail.letter import Letter
from autograph_web.runtime import carrier_of
from autograph_web.settings import SettingsError, load_settings

T = TypeVar("T")

_INTERRUPTED = 130
_MOST_LISTED = 100
_DEV_VARIABLES = {
    # Every page as a file, as in production: the layer in front of Reflex serves those.
    "REFLEX_SSR": "true",
    # Not the project folder: each write to the database in data/ would restart the server.
    "REFLEX_HOT_RELOAD_OVERRIDE_PATHS": os.pathsep.join(["autograph_web", "assets"]),
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(keys.app, name="keys")
app.add_typer(user.app, name="user")
app.add_typer(flags.app, name="flags")
app.command("create-admin")(user.create_admin)
app.command()(doctor.doctor)
mail = typer.Typer(help="Letters that wait or could not be delivered.")
app.add_typer(mail, name="mail")
app.add_typer(audit.app, name="audit")


@app.command()
def run() -> None:
    """Start the server: build the pages if need be, bring the database up to date, serve."""
    from autograph_web import serve  # noqa: PLC0415  (its imports are slow, other commands do without)

    settings = load_settings()
    serve.check_port(settings)
    frontend.ensure_built(say)
    with redis_url(settings) as url:
        refuse_redis(url)
        bring_up_to_date(settings)
        if settings.traces and not tracing.is_installed():
            # OTEL_… may be set for every program of a cluster: no reason not to serve.
            say("traces are asked for, but not sent: pip install -r requirements-tracing.txt")
        serve.prepare_environment(url, settings.metrics_dir)
        load_settings.cache_clear()
        serve.serve(load_settings(), say)


@app.command()
def dev() -> None:
    """Start the server and restart it, pages included, whenever a source file changes."""
    from autograph_web import serve  # noqa: PLC0415

    settings = load_settings()
    serve.check_port(settings)
    frontend.ensure_built(say)
    with redis_url(settings) as url:
        bring_up_to_date(settings)
        environment = {**os.environ, **tool_environment(), **_DEV_VARIABLES, "REDIS_URL": url}
        port = str(settings.port)
        ports = ["--frontend-port", port, "--backend-port", port, "--backend-host", settings.host]
        command = [sys.executable, "-m", "reflex", "run", "--env", "preview", *ports]
        with pinned_packages(say):
            subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603  (our own arguments)


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""
    bring_up_to_date(load_settings())
    say("the database is up to date")


@app.command()
def build(
    update_lock: Annotated[bool, typer.Option(help="Record the npm packages this build chooses.")] = False,
) -> None:
    """Build the pages if they are not up to date."""
    if not frontend.ensure_built(say, update_lock=update_lock):
        say("the pages are up to date")


@app.command()
def revision(message: Annotated[str, typer.Option("-m", help="What it does, in a few words.")]) -> None:
    """Write the next database migration from the difference to the models (for developers)."""
    from autograph_web import migrate  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        migrate.write_revision(message, f"sqlite+aiosqlite:///{folder}/scratch.sqlite3")


@mail.callback(invoke_without_command=True)
def list_mail(context: typer.Context) -> None:
    """List the letters that are not out, without what they say; or act upon them."""
    if context.invoked_subcommand is None:
        count, waiting = with_outbox(load_settings(), lambda outbox: outbox.waiting(_MOST_LISTED))
        say(f"{count} letters are not out, the oldest first" if count else "every letter is out")
        if not count:
            return
        table = Table("letter", "posted (UTC)", "tries", "next try (UTC)", "what happened")
        for one in waiting:
            table.add_row(
                str(one.id), _moment(one.created_at), str(one.attempts), _moment(one.due_at), one.last_error
            )
        Console().print(table)


@mail.command("retry")
def retry_mail() -> None:
    """Let the server try every letter at once that waits or could not be delivered."""
    count = with_outbox(load_settings(), lambda outbox: outbox.retry())
    say(f"{count} letters are tried again within seconds by the server that runs")


@mail.command("test")
def test_mail(address: Annotated[str, typer.Argument(help="Who is to get it.")]) -> None:
    """Send a letter to ADDRESS right now and tell how that went."""
    settings = load_settings()
    letter = Letter(
        address,
        "A letter to try the mail",
        (f"Letters from {settings.base_url} arrive here.",),
        closing=("Somebody who runs the server asked for this one. There is nothing to do.",),
    )
    now, entropy = SystemClock().now(), SystemEntropy()
    domain = sender_address(settings.mail_from).domain
    parcel = Parcel(letter, f"<{random_token(entropy, 16)}@{domain}>", now)
    try:
        asyncio.run(carrier_of(settings).carry(parcel))
    except (NotNow, Undeliverable) as error:
        raise StartError(f"the letter was not taken: {error.reason}") from None
    server = settings.smtp_server
    say(f"{server.host} took the letter" if server else f"kept in {settings.data_dir / 'mail'}: no SMTP_URL")


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "none: given up"


def main() -> NoReturn:
    """Run the command line; whatever an operator can put right is one line, never a trace."""
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="replace")  # a terminal without our marks gets a "?"
    _have_a_home()
    os.umask(0o077)  # whatever this writes is for the server's own user
    # SIGINT as well: a shell starts background commands with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except (SettingsError, SecretError, StartError, OSError) as error:
        print(f"autograph: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(0)


def _have_a_home() -> None:
    """Name a home folder where neither HOME nor the list of users does: libraries ask for one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite request to end like Ctrl-C, so everything started is stopped on the way out."""
    raise KeyboardInterrupt
