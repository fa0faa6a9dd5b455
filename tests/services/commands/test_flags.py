"""`flags …`, as an operator runs them next to a running server."""

import asyncio
import os
import pwd

import pytest

from autograph_web.container import Services
from autograph_web.flags.table import FLAGS, PASSWORD_GRANT
from tests.support.clients.command_line import as_json, command
from tests.support.services.factories import audited

pytestmark = pytest.mark.slow  # programs are started


async def test_a_flag_is_switched_for_the_server_that_runs(services: Services) -> None:
    done = await command(services, "flags", "set", "password_grant", "off")
    assert (done.returncode, done.stdout) == (0, "autograph: password_grant is off\n")
    async with asyncio.timeout(10):
        while services.flags.of(PASSWORD_GRANT):  # noqa: ASYNC110  (the server hears of it by itself)
            await asyncio.sleep(0.01)
    [row] = await audited(services, "flag_changed")
    assert row.details["actor"] == f"command line: {pwd.getpwuid(os.getuid()).pw_name}"
    told = await as_json(services, "flags", "set", "trusted_devices", "off", "--percent", "20")
    assert (told["value"], told["percent"], told["default"]) == ("off", 20, "on")
    done = await command(services, "flags", "list")
    assert "trusted_devices" in done.stdout
    assert "20%" in done.stdout
    done = await command(services, "flags", "reset", "password_grant")
    assert done.stdout == "autograph: password_grant is on (default)\n"
    listed = (await as_json(services, "flags", "list"))["flags"]
    assert [one["name"] for one in listed] == [flag.name for flag in FLAGS]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_no_flag_takes_is_one_line(services: Services) -> None:
    for arguments in (
        ("set", "no_such_flag", "on"),
        ("set", "password_grant", "true"),
        ("set", "password_grant", "off", "--percent", "50"),
        ("set", "trusted_devices", "off", "--percent", "101"),
        ("reset", "no_such_flag"),
    ):
        done = await command(services, "flags", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), arguments
    assert (await command(services, "flags", "set", "password_grant")).returncode == 2
