"""The dependencies shared by every use case."""

from dataclasses import dataclass

from autograph_web.audit.log import AuditLog
from autograph_web.infra.clock import Clock
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.ratelimit.limiter import Limiter
from autograph_web.mail.outbox import Outbox


@dataclass(frozen=True, slots=True)
class UseCaseContext:
    """The database, the audit log, the rate limiter, the outbox, and the sources of time and randomness.

    `reserved_domains` are the reserved domain names that this server accepts in email addresses.
    """

    database: Database
    audit_log: AuditLog
    limiter: Limiter
    outbox: Outbox
    clock: Clock
    randomness: Randomness
    reserved_domains: tuple[str, ...] = ()
