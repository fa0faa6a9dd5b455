"""A recorded anchor of the chain's end reveals that the chain was truncated, on both databases."""

import pytest

from autograph_web.audit.chain.anchor import Anchor, AnchorFile
from autograph_web.audit.chain.verifier import Break
from autograph_web.container import Services
from tests.services.audit.chain.helpers import check, happen, run


async def test_the_end_cannot_be_cut_off_unnoticed(ten: Services) -> None:
    noted = AnchorFile(ten.settings.data_dir).read()
    assert noted == (await check(ten)).head
    await run(ten, "DELETE FROM audit_chain WHERE position > 7")
    await run(ten, "DELETE FROM audit_log WHERE id > 7")
    assert (await check(ten)).whole  # the database alone cannot reveal it
    assert noted is not None
    report = await check(ten, noted)
    assert report.first is not None
    assert (report.first.kind, report.first.position) == (Break.END_CUT, 10)


async def test_what_was_noted_of_a_cut_chain_is_not_written_over(ten: Services) -> None:
    file = AnchorFile(ten.settings.data_dir)
    noted = file.read()
    assert noted is not None
    await run(ten, "DELETE FROM audit_chain WHERE position > 7")
    await run(ten, "DELETE FROM audit_log WHERE id > 7")
    await happen(ten, 6)
    assert await ten.audit_chain.link_all() == 6
    assert file.read() == noted
    report = await check(ten, noted)
    assert report.first is not None
    assert report.first.kind is Break.END_CUT


async def test_a_head_from_before_is_still_in_the_chain(ten: Services) -> None:
    noted = (await check(ten)).head
    assert noted is not None
    await happen(ten, 3)
    await ten.audit_chain.link_all()
    assert (await check(ten, noted, Anchor.of(str(noted)))).whole
    assert not (await check(ten, Anchor(3, b"x" * 32))).whole


@pytest.mark.parametrize("spelled", ["", "x", "1", "0:" + "a" * 64, "1:" + "a" * 63, "-1:" + "a" * 64])
def test_a_head_is_spelled_in_one_way(spelled: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Anchor.of(spelled)
