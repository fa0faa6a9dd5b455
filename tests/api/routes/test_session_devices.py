"""Devices over REST: listed, signed out, and only those of the caller."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient

from autograph_web.container import Services
from autograph_web.front import build_front
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.settings import Settings
from tests.support.clients.http import assert_problem, bearer, come_in, sign_in, sign_up
from tests.support.services.app import PAGES, Connect, OpenServices, inner_app
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, audited

OTHER = "theo@northwind.dev"
SCRIPT = {"Sec-Fetch-Mode": "cors"}


@pytest.fixture
async def mine(api: AsyncClient) -> dict[str, Any]:
    """The tokens of Mina's REST client."""
    await sign_up(api)
    return await sign_in(api)


async def listed(api: AsyncClient, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await api.get("/sessions", headers=bearer(tokens))).json())


async def test_every_place_is_listed(api: AsyncClient, browser: AsyncClient, mine: dict[str, Any]) -> None:
    await come_in(browser)
    first, second = await listed(api, mine)
    assert set(first) == {
        "id",
        "current",
        "kind",
        "method",
        "ip",
        "device",
        "user_agent",
        "signed_in_at",
        "last_seen_at",
    }
    assert (first["current"], first["kind"], first["method"]) == (True, "client", "password")
    assert (second["current"], second["kind"], second["ip"]) == (False, "browser", "203.0.113.7")
    assert (second["device"], second["user_agent"]) == ("Firefox 140 on Linux", AGENT)
    assert first["id"] == (await api.get("/me", headers=bearer(mine))).json()["session"]["id"]

    [seen_by_cookie] = [one for one in (await browser.get("/sessions")).json() if one["current"]]
    assert seen_by_cookie["id"] == second["id"]


async def test_one_is_signed_out(
    api: AsyncClient, browser: AsyncClient, services: Services, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    [_, other] = await listed(api, mine)
    answer = await api.delete(f"/sessions/{other['id']}", headers=bearer(mine))

    assert (answer.status_code, answer.json()) == (200, {"message": "That session is signed out."})
    assert_problem(await browser.get("/me", headers=SCRIPT), 401, "session_ended")
    assert [one["current"] for one in await listed(api, mine)] == [True]
    assert len(await audited(services, "session_revoked")) == 1


async def test_ones_own_is_signed_out_tokens_and_all(api: AsyncClient, mine: dict[str, Any]) -> None:
    [own] = await listed(api, mine)
    assert (await api.delete(f"/sessions/{own['id']}", headers=bearer(mine))).status_code == 200

    assert_problem(await api.get("/me", headers=bearer(mine)), 401, "session_ended")
    refused = await api.post("/refresh", json={"refresh_token": mine["refresh_token"]})
    assert_problem(refused, 401, "session_ended")


async def test_all_others_are_signed_out(
    api: AsyncClient, browser: AsyncClient, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    third = await sign_in(api)
    answer = await api.delete("/sessions", headers=bearer(mine))

    assert (answer.status_code, answer.json()) == (200, {"revoked": 2})
    assert_problem(await browser.get("/me", headers=SCRIPT), 401, "session_ended")
    assert_problem(
        await api.post("/refresh", json={"refresh_token": third["refresh_token"]}), 401, "session_ended"
    )
    assert (await api.delete("/sessions", headers=bearer(mine))).json() == {"revoked": 0}
    assert (await api.get("/me", headers=bearer(mine))).status_code == 200


async def test_a_stranger_gets_nowhere(api: AsyncClient, services: Services, mine: dict[str, Any]) -> None:
    await sign_up(api, OTHER)
    theirs = await sign_in(api, OTHER)
    [own] = await listed(api, mine)
    refused = await api.delete(f"/sessions/{own['id']}", headers=bearer(theirs))
    unknown = await api.delete(f"/sessions/{uuid4()}", headers=bearer(theirs))

    # Whether it exists is not disclosed.
    assert assert_problem(refused, 404, "not_found") == assert_problem(unknown, 404, "not_found")
    assert (await api.get("/me", headers=bearer(mine))).status_code == 200
    assert [one["id"] for one in await listed(api, theirs)] != [own["id"]]
    assert await audited(services, "session_revoked") == []


@pytest.mark.parametrize("name", ["x", "..", "0" * 33, "%00", "%2e%2e", "'", "1" * 5000])
async def test_what_names_no_session_is_refused(api: AsyncClient, mine: dict[str, Any], name: str) -> None:
    refused = await api.delete(f"/sessions/{name}", headers=bearer(mine))
    assert refused.status_code in (404, 405, 422)
    assert len(await listed(api, mine)) == 1


async def test_authentication_is_required(api: AsyncClient) -> None:
    for answer in (
        await api.get("/sessions"),
        await api.delete("/sessions"),
        await api.delete(f"/sessions/{uuid4()}"),
    ):
        assert_problem(answer, 401, "not_authenticated")


async def test_another_site_cannot_use_the_cookie(
    connect: Connect, browser: AsyncClient, api: AsyncClient, mine: dict[str, Any]
) -> None:
    await come_in(browser)
    cookie = {"Cookie": f"autograph_session={browser.cookies['autograph_session']}"}
    for site in (connect(**cookie), connect(origin="https://evil.example", **cookie)):
        assert_problem(await site.delete("/sessions"), 403, "origin_refused")
        answer = await site.post("/session/sign-out-others")
        assert answer.status_code == 403
    assert len(await listed(api, mine)) == 2


async def test_without_redis_it_is_unfinished(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices, clock: FakeClock
) -> None:
    await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    transport = ASGITransport(build_front(inner_app, PAGES), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        await sign_up(client)
        mine, other = await sign_in(client), await sign_in(client)
        own_redis.stop()
        clock.advance(2)
        assert_problem(await client.delete("/sessions", headers=bearer(mine)), 503, "unfinished")
        assert_problem(await client.get("/me", headers=bearer(other)), 401, "session_ended")
        assert (await client.get("/me", headers=bearer(mine))).status_code == 200
