"""The outbox of emails and what sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.mail.courier import Courier
from autograph_web.mail.file_transport import FileTransport
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.smtp import SmtpTransport
from autograph_web.mail.transport import MailTransport
from autograph_web.settings import Settings

if TYPE_CHECKING:  # commands start without Redis
    from autograph_web.infra.module import InfraServices


@dataclass(frozen=True, kw_only=True)
class MailServices:
    """The services of `mail`."""

    outbox: Outbox
    mail_folder: FileTransport
    courier: Courier


def build(infra: InfraServices, carrier: MailTransport | None = None) -> MailServices:
    """Build them; `carrier` is used in the place of the one that the settings name."""
    settings, database, clock, randomness = infra.settings, infra.database, infra.clock, infra.randomness
    outbox = outbox_of(settings, database, clock, randomness)
    return MailServices(
        outbox=outbox,
        mail_folder=folder_of(settings),
        courier=Courier(database, outbox, carrier or carrier_of(settings), clock, randomness),
    )


def outbox_of(
    settings: Settings, database: Database, clock: Clock | None = None, randomness: Randomness | None = None
) -> Outbox:
    """Return the outbox of a database."""
    randomness = randomness or SystemRandomness()
    encryptor = Encryptor(Keyring(settings.master_secrets, "letters"), randomness)
    return Outbox(database, encryptor, clock or SystemClock(), randomness, settings.mail_from)


def carrier_of(settings: Settings) -> MailTransport:
    """Return what sends emails: the SMTP server, or without one the data folder."""
    server = settings.smtp_server
    return SmtpTransport(server, settings.mail_from) if server else folder_of(settings)


def folder_of(settings: Settings) -> FileTransport:
    """Return where emails are kept while no SMTP server is set."""
    return FileTransport(settings.data_dir / "mail", settings.mail_from)
