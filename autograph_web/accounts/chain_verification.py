"""Verification of the audit log, which compares its erased entries with the accounts that exist."""

from collections.abc import Sequence

from autograph_web.accounts.store import existing_ids
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.verifier import ChainVerifier
from autograph_web.infra.db.database import Database
from autograph_web.infra.randomness import SystemRandomness


def chain_verifier_of(secrets: Sequence[str], database: Database) -> ChainVerifier:
    """Return what verifies the audit log of a database, whose accounts are known here."""
    return ChainVerifier(database, ChainKeys(secrets, SystemRandomness()), existing_ids)
