"""Which secret links the audit log, and without which secret it cannot be linked, on both databases."""

from pathlib import Path

from autograph_web.accounts.chain_verification import chain_verifier_of
from autograph_web.audit.chain.anchor import AnchorFile
from autograph_web.audit.chain.keys import ChainKeys
from autograph_web.audit.chain.linker import ChainLinker
from autograph_web.audit.chain.store import CHAIN_KEYS
from autograph_web.audit.chain.verifier import Break
from autograph_web.container import Services
from autograph_web.settings import Settings
from tests.services.audit.chain.helpers import check, happen, links, run
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import OLDER_SECRET, SECRET, STRANGERS_SECRET, how_many
from tests.support.services.randomness import RecordedEntropy


async def test_links_outlive_the_secret_they_were_made_with(
    settings: Settings, open_services: OpenServices
) -> None:
    def having(*secrets: str) -> Settings:
        return settings.model_copy(update={"secret_keys": secrets})

    for secrets in ((SECRET,), (OLDER_SECRET, SECRET), (OLDER_SECRET,)):
        services = await open_services(having(*secrets))
        await happen(services, 2)
        await services.audit_chain.link_all()
        report = await check(services)
        assert report.whole, report.first
    assert len({link.kid for link in await links(services)}) == 2
    assert await how_many(services, CHAIN_KEYS) == 2

    stranger = chain_verifier_of(having(STRANGERS_SECRET).master_secrets, services.database)
    report = await stranger.run()
    assert report.first is not None
    assert report.first.kind is Break.KEY_MISSING


async def test_a_process_with_older_secrets_leaves_the_chain_to_the_newer(
    settings: Settings, open_services: OpenServices, clock: FakeClock
) -> None:
    old = await open_services(settings)
    newer = await open_services(settings.model_copy(update={"secret_keys": (OLDER_SECRET, SECRET)}))
    await happen(old, 2)
    await newer.audit_chain.link_all()
    await happen(old, 2)
    assert await old.audit_chain.link_all() == 0
    assert await newer.audit_chain.link_all() == 2
    await happen(old)
    clock.advance(601)  # the newer one is gone for good
    assert await old.audit_chain.link_all() == 1


async def test_without_the_secret_no_link_can_be_made(
    ten: Services, settings: Settings, clock: FakeClock
) -> None:
    randomness = RecordedEntropy("stranger")
    forger = ChainLinker(
        ten.database,
        ChainKeys((STRANGERS_SECRET,), randomness),
        AnchorFile(Path("/nonexistent")),
        clock,
        randomness,
    )
    await run(ten, "UPDATE audit_log SET kind = 'logout' WHERE id = 4")
    await run(ten, "DELETE FROM audit_chain")
    assert await forger.link_all() == 10
    report = await check(ten)
    assert report.first is not None
    assert report.first.kind is Break.KEY_MISSING
    await run(
        ten,
        "UPDATE audit_chain SET kid = :kid",
        kid=ChainKeys(settings.master_secrets, randomness).current.kid,
    )
    report = await check(ten)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (Break.LINK_ALTERED, 1)
