"""`keys …`: the secret keys, and the data encrypted with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import Progress

from autograph_web.commands import audit, later
from autograph_web.commands.common import bring_up_to_date, print_line, with_outbox
from autograph_web.infra.crypto.secret_file import add_secret
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.port import check_port
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.infra.startup_error import StartupError

app = typer.Typer(no_args_is_help=True, help="Secrets and what is sealed with them.")


@app.command()
def rotate() -> None:
    """Put a new secret in front of the data folder's list and seal everything anew with it.

    The older secrets stay and still check: nobody is signed out.
    """
    settings = later.load_settings()
    if settings.secret_keys:
        raise StartupError(
            "the secrets come from AUTOGRAPH_SECRET_KEYS: put a new one (openssl rand -base64 32) and "
            "a comma in front of them, restart every server, then run `keys reseal`"
        )
    count = add_secret(settings.data_dir, SystemRandomness())
    print_line(f"{settings.data_dir / 'secret_keys'} has a new first secret, {count} in all")
    if _is_served(settings):
        # The running server has the old list, and could not decrypt what is encrypted with the new secret.
        print_line("a server is running: restart it, then run `keys reseal`")
        return
    reseal()
    days = settings.refresh_token_ttl // 86_400
    print_line(f"the last secret in the file may go once {days} days have passed; back the file up")


@app.command()
def reseal() -> None:
    """Encrypt what is kept encrypted (authenticators, emails, links, audit keys) with the newest secret.

    Run it after putting a new secret in front of the list, and before dropping the old one.
    """
    settings = later.load_settings()
    bring_up_to_date(settings)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sealing", total=None)
        changed, links = asyncio.run(
            _reseal(settings, lambda seen, total: progress.update(task, completed=seen, total=total))
        )
    print_line(f"{changed} secrets sealed anew")
    print_line(f"{links} links sealed anew")
    letters = with_outbox(settings, lambda outbox: outbox.reseal())
    print_line(f"{letters} waiting letters sealed anew")
    audit.keep_keys(settings)


async def _reseal(settings: later.Settings, tell: Callable[[int, int], None]) -> tuple[int, int]:
    database = later.Database(settings.sqlalchemy_url)
    try:
        changed = await later.reseal_all(database, later.encryptor_of(settings), tell)
        return changed, await later.reencrypt_links(
            database, later.link_encryptor_of(settings.master_secrets)
        )
    except later.DecryptionError:
        reason = "a secret cannot be opened: put the key it was sealed with back into the list"
        raise StartupError(reason) from None
    except Unavailable:
        raise StartupError("the database cannot be reached; what was sealed so far stays sealed") from None
    finally:
        await database.close()


def _is_served(settings: later.Settings) -> bool:
    try:
        check_port(settings.host, settings.port)
    except StartupError:
        return True
    return False
