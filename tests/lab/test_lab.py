"""Every attack of the lab for a moment: the server withstands it, and logs little."""

import pytest

from tests.lab.attacks import Attack
from tests.support.servers.live_server import LiveServer

_A_MOMENT_S = 0.6
_LOUDEST = 30_000
"""Characters in the log: the access lines of what was served, and a line for each reason and worker."""


@pytest.mark.parametrize("name", Attack.kinds)
async def test_the_server_stands_it(brittle_server: LiveServer, name: str) -> None:
    before = len(brittle_server.log)

    assert await Attack.kinds[name](brittle_server.base_url).go_on(_A_MOMENT_S) > 0

    assert brittle_server.is_ready()
    said = brittle_server.log[before:]
    assert "Traceback" not in said
    assert (
        sum(len(line) for line in said.splitlines() if "logger='autograph_web.access'" not in line) < _LOUDEST
    )
