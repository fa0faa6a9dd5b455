"""Health and metrics."""

from dataclasses import dataclass

from autograph_web.audit.module import AuditServices
from autograph_web.infra.module import InfraServices
from autograph_web.infra.telemetry.metrics import MetricsExposition
from autograph_web.mail.module import MailServices
from autograph_web.monitoring.health import Health
from autograph_web.monitoring.metrics_collector import MetricsCollector


@dataclass(frozen=True, kw_only=True)
class MonitoringServices:
    """The services of `monitoring`."""

    health: Health
    figures: MetricsCollector


def build(
    infra: InfraServices, mail: MailServices, audit: AuditServices, newest_revision: str
) -> MonitoringServices:
    """Build them; `newest_revision` is that of the schema which the database should have."""
    health = Health(infra.database, infra.redis, mail.outbox, newest_revision)
    exposition = MetricsExposition(infra.settings.metrics_dir)
    return MonitoringServices(
        health=health, figures=MetricsCollector(exposition, health, mail.outbox, audit.audit_chain)
    )
