"""Trusted browsers over REST: listed, revoked, and only those of the caller."""

from uuid import uuid4

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, cookies_set
from tests.support.clients.two_step import Member, enrol, fresh_tokens
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, EMAIL, PASSWORD, audited

OTHER = "theo@northwind.dev"


@pytest.fixture
async def member(api: AsyncClient, clock: FakeClock) -> Member:
    return await enrol(api, clock)


async def trust(browser: AsyncClient, member: Member) -> None:
    await browser.post("/session/sign-in", data={"email": EMAIL, "password": PASSWORD})
    answer = await browser.post("/session/verify", data={"code": member.paper[0], "trust_device": "on"})
    assert "autograph_trusted" in cookies_set(answer)


async def test_a_trusted_browser_is_listed_and_asked_again_once_it_is_not(
    api: AsyncClient, browser: AsyncClient, services: Services, clock: FakeClock, member: Member
) -> None:
    await trust(browser, member)
    mine = bearer(await fresh_tokens(api, clock, member))

    [device] = (await api.get("/mfa/trusted-devices", headers=mine)).json()
    assert set(device) == {"id", "ip", "user_agent", "trusted_at", "last_used_at", "expires_at"}
    assert device["user_agent"] == AGENT

    gone = await api.delete(f"/mfa/trusted-devices/{device['id']}", headers=mine)
    assert gone.json() == {"message": "That browser is no longer trusted."}
    assert (await api.get("/mfa/trusted-devices", headers=mine)).json() == []
    assert len(await audited(services, "trusted_device_revoked")) == 1
    again = await browser.post("/session/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert "autograph_challenge" in cookies_set(again)


async def test_a_stranger_neither_sees_nor_revokes_it(
    api: AsyncClient, browser: AsyncClient, clock: FakeClock, member: Member
) -> None:
    await trust(browser, member)
    theo = bearer((await enrol(api, clock, OTHER)).tokens)
    mine = bearer(await fresh_tokens(api, clock, member))
    [device] = (await api.get("/mfa/trusted-devices", headers=mine)).json()

    assert (await api.get("/mfa/trusted-devices", headers=theo)).json() == []
    refused = await api.delete(f"/mfa/trusted-devices/{device['id']}", headers=theo)
    assert_problem(refused, 404, "not_found")
    assert len((await api.get("/mfa/trusted-devices", headers=mine)).json()) == 1


async def test_what_names_no_device_is_refused(api: AsyncClient, member: Member) -> None:
    mine = bearer(member.tokens)

    assert_problem(await api.delete(f"/mfa/trusted-devices/{uuid4()}", headers=mine), 404, "not_found")
    assert_problem(await api.delete("/mfa/trusted-devices/x", headers=mine), 422, "invalid_input")
    assert_problem(await api.get("/mfa/trusted-devices"), 401, "not_authenticated")
