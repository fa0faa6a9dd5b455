"""What a server with several workers reports to its operators about its use."""

import json
import re
from pathlib import Path

import httpx

from tests.journeys.conftest import Visit
from tests.journeys.person import WRONG, Person
from tests.support.browser.visitor import unique_address
from tests.support.metrics.dashboards import missing, queries
from tests.support.metrics.scraping import scrape_server, value
from tests.support.servers.live_server import LiveServer

EVENTS = "autograph_events_total"


def provoke(server: LiveServer) -> None:
    """Provoke refusals by a rate limit and by the websocket, so that their metrics have values."""
    with httpx.Client(base_url=server.base_url, headers={"X-Forwarded-For": unique_address()}) as client:
        guess = {"email": "nobody@northwind.dev", "password": WRONG}
        answers = [client.post("/login", json=guess).status_code for _ in range(6)]
        assert answers == [401] * 5 + [429]
        assert client.get("/me").status_code == 401
        handshake = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        assert client.get("/_event/?EIO=4&transport=websocket", headers=handshake).status_code == 403


async def test_an_evening_at_the_pages_is_in_the_figures_and_in_the_log(
    visit: Visit, person: Person, tmp_path: Path
) -> None:
    with LiveServer(tmp_path, AUTOGRAPH_LOG_FORMAT="json") as server:
        server.secrets |= {person.password, person.email}
        visitor = await visit(server=server)
        await person.register(visitor)
        provoke(server)
        figures = scrape_server(server.base_url)

        for place, query in queries():
            assert missing(query, figures) == [], place
        assert value(figures, "autograph_websockets") == 1
        assert value(figures, EVENTS, kind="registration_success", group="account") == 1
        handlers = {dict(labels)["handler"] for name, labels in figures if "page_event" in name}
        assert {"register_state.submit", "dashboard_state.load"} <= handlers
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
        events = [line for line in lines if line["event"] == "page_event"]
        [loaded] = [line for line in events if line["handler"] == "dashboard_state.load"]
        [claimed] = [line for line in lines if line.get("route") == "/session/claim"]
        assert (loaded["outcome"], claimed["status"]) == ("done", 303)
        assert re.fullmatch(r"[0-9a-f-]{36}", loaded["user_id"])
        assert loaded["user_id"] == claimed["user_id"]
        assert len({line["request_id"] for line in events}) == len(events)
        server.check_secrets()
        server.check_log()
