"""Factories of the components that commands use without the complete set of services."""

from __future__ import annotations

from autograph_web.accounts.store import existing_ids
from autograph_web.audit.chain.check import ChainCheck
from autograph_web.audit.chain.head import HeadFile
from autograph_web.audit.chain.keeper import ChainKeeper
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.mail.file_transport import FileTransport
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.smtp import SmtpTransport
from autograph_web.mail.transport import MailTransport
from autograph_web.settings import Settings


def outbox_of(
    settings: Settings, database: Database, clock: Clock | None = None, randomness: Randomness | None = None
) -> Outbox:
    """Return the outbox of a database."""
    randomness = randomness or SystemRandomness()
    encryptor = Encryptor(Keyring(settings.master_secrets, "letters"), randomness)
    return Outbox(database, encryptor, clock or SystemClock(), randomness, settings.mail_from)


def carrier_of(settings: Settings) -> MailTransport:
    """Return the mail transport: the SMTP server, or without one the data folder."""
    server = settings.smtp_server
    return SmtpTransport(server, settings.mail_from) if server else folder_of(settings)


def folder_of(settings: Settings) -> FileTransport:
    """Return the folder in which emails are stored if no SMTP server is configured."""
    return FileTransport(settings.data_dir / "mail", settings.mail_from)


def chain_keeper_of(
    settings: Settings, database: Database, clock: Clock | None = None, randomness: Randomness | None = None
) -> ChainKeeper:
    """Return the component that extends the hash chain of the audit log."""
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    keys = ChainKeys(settings.master_secrets, randomness)
    return ChainKeeper(database, keys, HeadFile(settings.data_dir), clock, randomness)


def chain_check_of(settings: Settings, database: Database) -> ChainCheck:
    """Return the component that verifies the audit log."""
    return ChainCheck(database, ChainKeys(settings.master_secrets, SystemRandomness()), existing_ids)


def encryptor_of(settings: Settings, randomness: Randomness | None = None) -> Encryptor:
    """Return the encryptor for authenticator secrets, which must be recoverable."""
    return Encryptor(Keyring(settings.master_secrets, "sealed factors"), randomness or SystemRandomness())
