"""What every use case stands on, handed in as one."""

from dataclasses import dataclass

from autograph_web.audit.log import AuditLog
from autograph_web.infra.clock import Clock
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.ratelimit.limiter import Limiter
from autograph_web.mail.outbox import Outbox


@dataclass(frozen=True, slots=True)
class UseCaseContext:
    """The database, the audit log, the limiter, the outbox, and the sources of time and randomness.

    `reserved_domains` are the names for addresses that nobody else has use for and this server takes.
    """

    database: Database
    audit_log: AuditLog
    limiter: Limiter
    outbox: Outbox
    clock: Clock
    randomness: Randomness
    reserved_domains: tuple[str, ...] = ()
