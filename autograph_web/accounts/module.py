"""Accounts, the one-time links that reach them by email, and the proof of an email address."""

from dataclasses import dataclass

from autograph_web.accounts.links import Links
from autograph_web.accounts.store import existing_ids
from autograph_web.accounts.verification import Verification
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.verifier import ChainVerifier
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags.flags import Flags
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.module import InfraServices
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.infra.services import use_case
from autograph_web.settings import Settings


@dataclass(frozen=True, kw_only=True)
class AccountServices:
    """The services of `accounts`."""

    links: Links
    verification: Verification = use_case()


def build(infra: InfraServices, deps: UseCaseContext, flags: Flags) -> AccountServices:
    """Build them."""
    encryptor = link_encryptor_of(infra.settings, infra.randomness)
    links = Links(deps, encryptor, infra.settings.base_url)
    return AccountServices(links=links, verification=Verification(deps, flags, links))


def link_encryptor_of(settings: Settings, randomness: Randomness | None = None) -> Encryptor:
    """Return what encrypts the payloads of links."""
    return Encryptor(Keyring(settings.master_secrets, "sealed links"), randomness or SystemRandomness())


def chain_verifier_of(settings: Settings, database: Database) -> ChainVerifier:
    """Return what verifies the audit log of a database, whose accounts are known here."""
    return ChainVerifier(database, ChainKeys(settings.master_secrets, SystemRandomness()), existing_ids)
