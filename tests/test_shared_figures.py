"""A server with several workers, as Prometheus sees it."""

from pathlib import Path

import httpx
import pytest

from tests.support.clients.plain_http import PLAIN
from tests.support.metrics.scraping import Figures, scrape_server, value
from tests.support.servers.live_server import LiveServer


def asked_for(figures: Figures, route: str) -> float:
    name = "autograph_request_duration_seconds_count"
    return value(figures, name, method="GET", route=route, status="4xx")


@pytest.mark.slow
def test_figures_are_those_of_all_workers_and_survive_them(tmp_path: Path) -> None:
    with LiveServer(tmp_path, AUTOGRAPH_WORKERS="2") as server:
        for _ in range(40):  # one connection each, so that both workers get some
            httpx.get(f"{server.base_url}/me", verify=PLAIN)
        seen = [asked_for(scrape_server(server.base_url), "/me") for _ in range(6)]
        assert seen == [40] * 6, "whichever worker answers, it tells of both"
        figures = scrape_server(server.base_url)
        assert value(figures, "autograph_workers") == 2
        assert sum(name == "autograph_worker_resident_bytes" for name, _ in figures) == 2
        before = server.family()
        server.kill_workers()
        figures = scrape_server(server.base_url)
        assert asked_for(figures, "/me") == 40
        assert value(figures, "autograph_workers") == 2
        assert {process.pid for process in server.family()} != {process.pid for process in before}
