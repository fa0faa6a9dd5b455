"""What administrators do."""

from dataclasses import dataclass

from autograph_web.accounts.links import Links
from autograph_web.admin.admin_policy import AdminPolicy
from autograph_web.admin.audit_search import AuditSearch
from autograph_web.admin.feature_flags import FeatureFlags
from autograph_web.admin.limits import Limits
from autograph_web.admin.statistics.statistics import Statistics
from autograph_web.admin.user_actions import UserActions
from autograph_web.admin.user_directory import UserDirectory
from autograph_web.admin.user_provisioning import UserProvisioning
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.module import AuthnServices
from autograph_web.flags.flags import Flags
from autograph_web.infra.services import use_case
from autograph_web.sessions.module import SessionServices
from autograph_web.settings import Settings


@dataclass(frozen=True, kw_only=True)
class AdminServices:
    """The services of `admin`."""

    limits: Limits
    audit_search: AuditSearch
    statistics: Statistics
    feature_flags: FeatureFlags
    admin_policy: AdminPolicy = use_case()
    user_directory: UserDirectory = use_case()
    user_provisioning: UserProvisioning = use_case()
    user_actions: UserActions = use_case()


def build(
    settings: Settings,
    deps: UseCaseContext,
    flags: Flags,
    links: Links,
    sessions: SessionServices,
    authn: AuthnServices,
) -> AdminServices:
    """Build them."""
    policy = AdminPolicy(deps)
    return AdminServices(
        limits=Limits(deps, policy),
        audit_search=AuditSearch(deps),
        statistics=Statistics(deps, sessions.sessions, settings.audit_retention_days),
        feature_flags=FeatureFlags(deps, flags),
        admin_policy=policy,
        user_directory=UserDirectory(
            *(deps, sessions.sessions, sessions.devices, authn.second_factors, authn.trusted_devices)
        ),
        user_provisioning=UserProvisioning(deps, authn.passwords, links, policy),
        user_actions=UserActions(deps, authn.revocations, policy),
    )
