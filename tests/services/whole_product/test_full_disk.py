"""The disk of the data folder is full: writes are refused, reads continue."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.support.servers.live_server import LiveServer
from tests.support.servers.small_disk import fill, free, on_small_disk
from tests.support.services.factories import PASSWORD

pytestmark = pytest.mark.slow  # programs are started


@pytest.fixture
def server(tmp_path: Path) -> Generator[LiveServer]:
    """A server whose whole data folder, including database and Redis, is on a small disk."""
    server = LiveServer(tmp_path)
    server.launcher = on_small_disk(server.data_dir, "12m")
    with server:
        yield server


def _register(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/register", json={"email": f"{name}@northwind.dev", "password": PASSWORD})


def test_a_full_disk_refuses_writes_with_503_and_ends_nothing(server: LiveServer) -> None:
    with httpx.Client(base_url=server.base_url) as client:
        assert _register(client, "mina").status_code == 201
        data = {"email": "mina@northwind.dev", "password": PASSWORD}
        token = client.post("/login", json=data).json()["access_token"]
        own = {"Authorization": f"Bearer {token}"}
        workers = {worker.pid for worker in server.workers()}

        fill(server.inside(server.data_dir))
        refused = [_register(client, f"late{number}") for number in range(40)]
        seen = [client.get(path, headers=own).status_code for path in ("/me", "/login", "/health/live") * 40]
        unknown = [client.get(f"/nowhere/{number}").status_code for number in range(40)]

        assert {answer.status_code for answer in refused[-10:]} == {503}, refused[-1].text
        assert {answer.status_code for answer in refused} <= {201, 503}
        assert set(seen) == {200}
        assert set(unknown) == {404}
        assert {worker.pid for worker in server.workers()} == workers

        free(server.inside(server.data_dir))
        server.wait_until_ready()
        assert _register(client, "later").status_code == 201
        assert client.post("/login", json=data).status_code == 200
        assert {worker.pid for worker in server.workers()} == workers
