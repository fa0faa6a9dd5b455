"""Lazy imports for the commands: each name is imported on first use (PEP 562).

Thus a mistyped command, `--help` and each command start without importing the libraries of all the others.
"""

# ruff: noqa: PLC0414  (the aliases mark the names as re-exported)

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import SecretStr as SecretStr
    from sqlalchemy.exc import SQLAlchemyError as SQLAlchemyError

    from autograph_web import serve as serve
    from autograph_web.accounts.chain_verification import chain_verifier_of as chain_verifier_of
    from autograph_web.accounts.emails import normalize_email as normalize_email
    from autograph_web.accounts.link_encryption import link_encryptor_of as link_encryptor_of
    from autograph_web.accounts.link_encryption import reencrypt_links as reencrypt_links
    from autograph_web.accounts.store import find_by_email as find_by_email
    from autograph_web.admin.user_provisioning import Created as Created
    from autograph_web.admin.user_provisioning import CreationInput as CreationInput
    from autograph_web.admin.user_summary import Actor as Actor
    from autograph_web.admin.user_summary import UserFilter as UserFilter
    from autograph_web.admin.user_summary import UserSummary as UserSummary
    from autograph_web.audit.chain.anchor import Anchor as Anchor
    from autograph_web.audit.chain.anchor import AnchorFile as AnchorFile
    from autograph_web.audit.chain.verifier import Report as Report
    from autograph_web.audit.downloads import moment as moment
    from autograph_web.audit.export import write_out as write_out
    from autograph_web.audit.log import ACTOR as ACTOR
    from autograph_web.audit.log import AuditEvent as AuditEvent
    from autograph_web.audit.log import AuditLog as AuditLog
    from autograph_web.audit.module import chain_linker_of as chain_linker_of
    from autograph_web.authn.methods.totp.resealing import reseal_all as reseal_all
    from autograph_web.container import Services as Services
    from autograph_web.container import build_services as build_services
    from autograph_web.infra.crypto.encryption import DecryptionError as DecryptionError
    from autograph_web.infra.crypto.module import encryptor_of as encryptor_of
    from autograph_web.infra.db.database import Database as Database
    from autograph_web.infra.health.failures import trouble_of as trouble_of
    from autograph_web.infra.ratelimit.table import Limit as Limit
    from autograph_web.infra.redis.client import RedisClient as RedisClient
    from autograph_web.infra.redis.client import RedisDown as RedisDown
    from autograph_web.infra.redis.embedded import EmbeddedRedis as EmbeddedRedis
    from autograph_web.infra.redis.pool import RedisCluster as RedisCluster
    from autograph_web.infra.redis.probe import Failure as Failure
    from autograph_web.infra.redis.probe import what_fails as what_fails
    from autograph_web.mail.message import MailMessage as MailMessage
    from autograph_web.mail.module import carrier_of as carrier_of
    from autograph_web.mail.module import outbox_of as outbox_of
    from autograph_web.mail.outbox import Outbox as Outbox
    from autograph_web.mail.smtp import SmtpTransport as SmtpTransport
    from autograph_web.mail.transport import Envelope as Envelope
    from autograph_web.mail.transport import PermanentFailure as PermanentFailure
    from autograph_web.mail.transport import TransientFailure as TransientFailure
    from autograph_web.migrate import write_revision as write_revision
    from autograph_web.schema import is_current as is_current
    from autograph_web.schema import shortcomings as shortcomings
    from autograph_web.schema import sqlite_file as sqlite_file
    from autograph_web.settings import Settings as Settings
    from autograph_web.settings import load_settings as load_settings

MODULES = {
    "autograph_web.accounts.emails": ("normalize_email",),
    "autograph_web.accounts.chain_verification": ("chain_verifier_of",),
    "autograph_web.accounts.link_encryption": ("link_encryptor_of", "reencrypt_links"),
    "autograph_web.accounts.store": ("find_by_email",),
    "autograph_web.admin.user_provisioning": ("Created", "CreationInput"),
    "autograph_web.admin.user_summary": ("Actor", "UserSummary", "UserFilter"),
    "autograph_web.audit.chain.verifier": ("Report",),
    "autograph_web.audit.chain.anchor": ("Anchor", "AnchorFile"),
    "autograph_web.audit.downloads": ("moment",),
    "autograph_web.audit.export": ("write_out",),
    "autograph_web.audit.log": ("ACTOR", "AuditEvent", "AuditLog"),
    "autograph_web.audit.module": ("chain_linker_of",),
    "autograph_web.container": ("Services", "build_services"),
    "autograph_web.infra.db.database": ("Database",),
    "autograph_web.infra.crypto.module": ("encryptor_of",),
    "autograph_web.infra.ratelimit.table": ("Limit",),
    "autograph_web.infra.redis.embedded": ("EmbeddedRedis",),
    "autograph_web.infra.redis.client": ("RedisClient", "RedisDown"),
    "autograph_web.infra.redis.pool": ("RedisCluster",),
    "autograph_web.infra.redis.probe": ("Failure", "what_fails"),
    "autograph_web.infra.crypto.encryption": ("DecryptionError",),
    "autograph_web.infra.health.failures": ("trouble_of",),
    "autograph_web.migrate": ("write_revision",),
    "autograph_web.mail.transport": ("TransientFailure", "Envelope", "PermanentFailure"),
    "autograph_web.mail.message": ("MailMessage",),
    "autograph_web.mail.module": ("carrier_of", "outbox_of"),
    "autograph_web.mail.outbox": ("Outbox",),
    "autograph_web.mail.smtp": ("SmtpTransport",),
    "autograph_web.authn.methods.totp.resealing": ("reseal_all",),
    "autograph_web.schema": ("is_current", "shortcomings", "sqlite_file"),
    "autograph_web.settings": ("Settings", "load_settings"),
    "pydantic": ("SecretStr",),
    "sqlalchemy.exc": ("SQLAlchemyError",),
}
_TABLES = {
    "operations_table": "autograph_web.authz.operations",
    "revocation_table": "autograph_web.authn.revocation",
}
_HOME = {name: module for module, names in MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import and return `name` from the module of the product or library that defines it."""
    if name in _TABLES:
        return import_module(_TABLES[name]).table
    if name == "serve":
        return import_module("autograph_web.serve")
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(_HOME[name]), name)
