"""Verification of the audit log, which compares its erased entries with the accounts that exist."""

from autograph_web.accounts.store import existing_ids
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.verifier import ChainVerifier
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.settings import Settings


def chain_verifier_of(settings: Settings, database: Database) -> ChainVerifier:
    """Return what verifies the audit log of a database, whose accounts are known here."""
    return ChainVerifier(database, ChainKeys(settings.master_secrets, SystemRandomness()), existing_ids)
