"""Builds the parts that commands use without all the other services."""

from __future__ import annotations

from autograph_web.accounts.store import living
from autograph_web.audit.chain.check import ChainCheck
from autograph_web.audit.chain.head import HeadFile
from autograph_web.audit.chain.keeper import ChainKeeper
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.crypto.encryption import Sealer
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Entropy, SystemEntropy
from autograph_web.mail.carrier import MailTransport
from autograph_web.mail.folder import FileTransport
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.smtp import SmtpTransport
from autograph_web.settings import Settings


def outbox_of(
    settings: Settings, database: Database, clock: Clock | None = None, entropy: Entropy | None = None
) -> Outbox:
    """Return the outbox of a database."""
    entropy = entropy or SystemEntropy()
    sealer = Sealer(Keyring(settings.master_secrets, "letters"), entropy)
    return Outbox(database, sealer, clock or SystemClock(), entropy, settings.mail_from)


def carrier_of(settings: Settings) -> MailTransport:
    """Return who takes letters away: the SMTP server, or without one the data folder."""
    server = settings.smtp_server
    return SmtpTransport(server, settings.mail_from) if server else folder_of(settings)


def folder_of(settings: Settings) -> FileTransport:
    """Return where letters are kept that nobody sends."""
    return FileTransport(settings.data_dir / "mail", settings.mail_from)


def chain_keeper_of(
    settings: Settings, database: Database, clock: Clock | None = None, entropy: Entropy | None = None
) -> ChainKeeper:
    """Return what links the audit log of this database."""
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    keys = ChainKeys(settings.master_secrets, entropy)
    return ChainKeeper(database, keys, HeadFile(settings.data_dir), clock, entropy)


def chain_check_of(settings: Settings, database: Database) -> ChainCheck:
    """Return what checks the audit log of this database."""
    return ChainCheck(database, ChainKeys(settings.master_secrets, SystemEntropy()), living)


def sealer_of(settings: Settings, entropy: Entropy | None = None) -> Sealer:
    """Return what seals the secrets that must be read back."""
    return Sealer(Keyring(settings.master_secrets, "sealed factors"), entropy or SystemEntropy())
