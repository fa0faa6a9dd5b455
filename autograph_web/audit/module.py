"""The audit log, the chain that makes tampering evident, and the context that use cases write to it with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograph_web.audit.chain.anchor import AnchorFile
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.linker import ChainLinker
from autograph_web.audit.log import AuditLog
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.settings import Settings

if TYPE_CHECKING:  # commands start without Redis
    from autograph_web.infra.module import InfraServices
    from autograph_web.mail.module import MailServices


@dataclass(frozen=True, kw_only=True)
class AuditServices:
    """The services of `audit`."""

    audit_log: AuditLog
    audit_chain: ChainLinker
    deps: UseCaseContext


def build(infra: InfraServices, mail: MailServices) -> AuditServices:
    """Build them."""
    audit_log = AuditLog(infra.database, infra.clock)
    return AuditServices(
        audit_log=audit_log,
        audit_chain=chain_linker_of(infra.settings, infra.database, infra.clock, infra.randomness),
        deps=UseCaseContext(
            database=infra.database,
            audit_log=audit_log,
            limiter=infra.limiter,
            outbox=mail.outbox,
            clock=infra.clock,
            randomness=infra.randomness,
            reserved_domains=infra.settings.reserved_email_domains,
        ),
    )


def chain_linker_of(
    settings: Settings, database: Database, clock: Clock | None = None, randomness: Randomness | None = None
) -> ChainLinker:
    """Return what links the audit log of a database."""
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    keys = ChainKeys(settings.master_secrets, randomness)
    return ChainLinker(database, keys, AnchorFile(settings.data_dir), clock, randomness)
