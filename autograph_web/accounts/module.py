"""Accounts, the one-time links that reach them by email, and the proof of an email address."""

from dataclasses import dataclass

from autograph_web.accounts.link_encryption import link_encryptor_of
from autograph_web.accounts.links import Links
from autograph_web.accounts.verification import Verification
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags.flags import Flags
from autograph_web.infra.module import InfraServices
from autograph_web.infra.services import use_case


@dataclass(frozen=True, kw_only=True)
class AccountServices:
    """The services of `accounts`."""

    links: Links
    verification: Verification = use_case()


def build(infra: InfraServices, deps: UseCaseContext, flags: Flags) -> AccountServices:
    """Build them."""
    encryptor = link_encryptor_of(infra.settings.master_secrets, infra.randomness)
    links = Links(deps, encryptor, infra.settings.base_url)
    return AccountServices(links=links, verification=Verification(deps, flags, links))
