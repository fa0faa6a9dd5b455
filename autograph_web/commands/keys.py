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
from autograph_web.infra.wording import counted

app = typer.Typer(no_args_is_help=True, help="Rotate server secrets and re-encrypt stored data.")


@app.command()
def rotate() -> None:
    """Add a new secret and re-encrypt everything with it.

    Old secrets stay valid for verification, so no one is signed out.
    """
    settings = later.load_settings()
    if settings.secret_keys:
        raise StartupError(
            "the secrets are set in AUTOGRAPH_SECRET_KEYS: add a new one (openssl rand -base64 32) and "
            "a comma at the front, restart every server, then run `keys reseal`"
        )
    count = add_secret(settings.data_dir, SystemRandomness())
    print_line(f"added a secret to {settings.data_dir / 'secret_keys'} ({count} in total)")
    if _is_served(settings):
        # The running server has the old list, and could not decrypt what is encrypted with the new secret.
        print_line("a server is running: restart it, then run `keys reseal`")
        return
    reseal()
    days = settings.refresh_token_ttl // 86_400
    print_line(f"you can remove the last secret from the file after {counted(days, 'day')}; back up the file")


@app.command()
def reseal() -> None:
    """Re-encrypt stored data (authenticators, emails, links, audit keys) with the newest secret.

    Run it after adding a new secret to the front of the list, and before removing the old one.
    """
    settings = later.load_settings()
    bring_up_to_date(settings)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("re-encrypting", total=None)
        changed, links = asyncio.run(
            _reseal(settings, lambda seen, total: progress.update(task, completed=seen, total=total))
        )
    print_line(f"re-encrypted {counted(changed, 'secret')}")
    print_line(f"re-encrypted {counted(links, 'link')}")
    letters = with_outbox(settings, lambda outbox: outbox.reseal())
    print_line(f"re-encrypted {counted(letters, 'queued email')}")
    audit.keep_keys(settings)


async def _reseal(settings: later.Settings, tell: Callable[[int, int], None]) -> tuple[int, int]:
    database = later.Database(settings.sqlalchemy_url)
    try:
        changed = await later.reseal_all(database, later.encryptor_of(settings), tell)
        return changed, await later.reencrypt_links(
            database, later.link_encryptor_of(settings.master_secrets)
        )
    except later.DecryptionError:
        reason = "a secret can't be decrypted: put the key it was encrypted with back into the list"
        raise StartupError(reason) from None
    except Unavailable:
        raise StartupError("the database is unreachable; what was re-encrypted so far stays valid") from None
    finally:
        await database.close()


def _is_served(settings: later.Settings) -> bool:
    try:
        check_port(settings.host, settings.port)
    except StartupError:
        return True
    return False
