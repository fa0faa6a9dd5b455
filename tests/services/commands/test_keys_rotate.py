"""`keys rotate`, as an operator runs it: a new secret, and no session is revoked."""

import socket
from pathlib import Path

import pytest

from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from tests.support.clients.command_line import command
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, open_pair, register, rows
from tests.support.services.two_step import enrol, principal_of, sign_in

pytestmark = pytest.mark.slow  # programs are started

OTHER = "theo@northwind.dev"


@pytest.fixture
def settings_changes() -> dict[str, object]:
    """The secrets are those of the data folder."""
    return {"secret_keys": ()}


def file_of(services: Services) -> Path:
    return services.settings.data_dir / "secret_keys"


async def rotate(services: Services, **settings: str) -> tuple[int, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    given = {"AUTOGRAPH_SECRET_KEYS": "", "PORT": free, **settings}
    done = await command(services, "keys", "rotate", **given)
    return done.returncode, done.stdout + done.stderr


async def test_nobody_is_signed_out(
    services: Services, open_services: OpenServices, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    await register(services, OTHER)
    pair = await open_pair(services, OTHER)
    cookie = await services.sessions.open_for_browser(context(), await sign_in(services, mina.paper[0]))
    trusted = await services.trusted_devices.trust(context(), mina.user_id)
    await services.courier.close()
    before = file_of(services).read_text()

    code, told = await rotate(services)
    assert (code, "re-encrypted 1 secret" in told) == (0, True), told
    now = file_of(services).read_text()
    assert now.endswith(before)
    assert (now.count("\n"), file_of(services).stat().st_mode & 0o777) == (2, 0o600)

    later = await open_services(services.settings)
    [factor] = await rows(later, FACTORS)
    assert services.encryptor.outdated(factor.sealed_secret)
    assert not later.encryptor.outdated(factor.sealed_secret)
    for token in (mina.access_token, pair.access_token, cookie.cookie):
        await principal_of(later, token)
    new = await later.tokens.refresh(context(), pair.refresh_token)
    await principal_of(later, new.access_token)
    assert new.access_token.partition(".")[0] != pair.access_token.partition(".")[0]  # the id of another key
    assert await later.trusted_devices.recognise(trusted, mina.user_id)
    await later.tokens.open_for_client(context(), await sign_in(later, mina.phone.code(clock.seconds())))
    await later.tokens.open_for_client(context(), await sign_in(later, mina.paper[1]))


async def test_the_audit_log_is_whole_afterwards(services: Services) -> None:
    await register(services)
    await open_pair(services, "mina@northwind.dev")
    assert (await rotate(services))[0] == 0
    done = await command(services, "audit", "verify", AUTOGRAPH_SECRET_KEYS="")
    assert done.returncode == 0, done.stdout + done.stderr


async def test_beside_a_running_server_nothing_is_sealed_yet(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        code, told = await rotate(services, PORT=str(server.getsockname()[1]))

    assert (code, "restart it, then run `keys reseal`" in told) == (0, True)
    assert file_of(services).read_text().count("\n") == 2
    # The running server continues with the old list.
    await services.tokens.open_for_client(
        context(), await sign_in(services, mina.phone.code(clock.seconds()))
    )


async def test_a_list_from_the_environment_is_the_operators_to_change(services: Services) -> None:
    before = file_of(services).read_text()
    given = services.settings.master_secrets[0]
    code, told = await rotate(services, AUTOGRAPH_SECRET_KEYS=given)
    assert (code, told.count("\n")) == (1, 1)
    assert "AUTOGRAPH_SECRET_KEYS" in told
    assert given not in told
    assert file_of(services).read_text() == before


async def test_a_damaged_file_stays_as_it_is(services: Services) -> None:
    file_of(services).write_text("damaged\n")
    code, told = await rotate(services)
    assert (code, "is damaged" in told) == (1, True)
    assert file_of(services).read_text() == "damaged\n"
