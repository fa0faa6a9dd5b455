"""The patches of Reflex are for exactly one version, the pinned one."""

import re
from importlib.metadata import version

import pytest

from autograph_web.infra.startup_error import StartupError
from autograph_web.reflex_patches import WRITTEN_FOR, require
from tests.support.product.sources import ROOT


def test_the_pinned_version_is_the_one_they_were_written_for() -> None:
    pinned = re.search(r"^reflex==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert pinned[1] == version("reflex") == WRITTEN_FOR
    require(WRITTEN_FOR)


@pytest.mark.parametrize("other", ["0.10.0", "0.10.2", "0.11.0", "1.0.0"])
def test_with_another_one_the_server_does_not_start(other: str) -> None:
    with pytest.raises(StartupError, match=f"Reflex {other} is installed.*requirements.txt"):
        require(other)


def test_each_patch_says_where_it_is_discussed() -> None:
    for file in (ROOT / "autograph_web/reflex_patches").glob("*.py"):
        if file.name != "__init__.py":
            assert "\nUpstream: " in file.read_text(), file.name
