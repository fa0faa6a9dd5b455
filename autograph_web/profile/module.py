"""What people do with their own accounts."""

from dataclasses import dataclass

from autograph_web.accounts.exporting import Exportable
from autograph_web.accounts.links import Links
from autograph_web.api_keys.keys import ApiKeys
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.module import AuthnServices
from autograph_web.infra.services import use_case
from autograph_web.profile.activity import Activity
from autograph_web.profile.deletion import Deletion
from autograph_web.profile.email_change import EmailChange
from autograph_web.profile.export import DataExport
from autograph_web.profile.password_change import PasswordChange
from autograph_web.profile.profiles import Profiles
from autograph_web.sessions.sessions import Sessions


@dataclass(frozen=True, kw_only=True)
class ProfileServices:
    """The services of `profile`."""

    profiles: Profiles
    password_change: PasswordChange = use_case()
    activity: Activity = use_case()
    email_change: EmailChange = use_case()
    data_export: DataExport = use_case()
    deletion: Deletion = use_case()


def build(
    deps: UseCaseContext, links: Links, sessions: Sessions, authn: AuthnServices, api_keys: ApiKeys
) -> ProfileServices:
    """Build them."""
    revocations, storing = authn.revocations, (sessions, *authn.methods, api_keys)
    return ProfileServices(
        profiles=Profiles(deps),
        password_change=PasswordChange(deps, authn.passwords, revocations, authn.grants),
        activity=Activity(deps),
        email_change=EmailChange(deps, links, sessions, revocations),
        data_export=DataExport(deps, [one for one in storing if isinstance(one, Exportable)]),
        deletion=Deletion(deps, revocations),
    )
