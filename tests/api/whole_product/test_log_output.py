"""A full journey through the HTTP application, and what the log says about it."""

import io
import json
from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import CREDENTIALS, bearer, cookies_set, sign_in, sign_up
from tests.support.services.factories import EMAIL, PASSWORD, WRONG, prove


async def journey(browser: AsyncClient, services: Services) -> list[str]:
    """Use everything, cause an internal error, and return every secret that was involved."""
    await sign_up(browser)
    await browser.post("/login", json={"email": EMAIL, "password": WRONG})
    first = await sign_in(browser)
    second = (await browser.post("/refresh", json={"refresh_token": first["refresh_token"]})).json()
    await browser.post("/refresh", json={"refresh_token": first["refresh_token"]})
    signed_in = await browser.post("/session/sign-in", data=CREDENTIALS)
    cookies = [cookie.value for cookie in cookies_set(signed_in).values()]
    ticket = await services.login_tickets.issue(await prove(services))
    claimed = await browser.post("/session/claim", data={"ticket": ticket})
    cookies += [cookie.value for cookie in cookies_set(claimed).values()]
    await browser.post("/session/sign-in", data={"email": EMAIL, "password": WRONG})
    await browser.get(f"/broken?token={second['access_token']}&password={PASSWORD}", headers=bearer(second))
    await browser.get("/me", headers=bearer(first))
    await browser.post("/logout", headers=bearer(await sign_in(browser)))
    for password in (PASSWORD, WRONG):
        assert password not in (*cookies, ticket)
    return [PASSWORD, WRONG, ticket, *cookies, *(pair[name] for pair in (first, second) for name in pair if "_token" in name)]  # fmt: skip  # noqa: E501


async def test_no_secret_of_a_journey_is_logged(
    browser: AsyncClient, services: Services, log: io.StringIO
) -> None:
    secrets = await journey(browser, services)
    written = log.getvalue()

    assert "unhandled_error" in written, "the journey must leave something in the log"
    for secret in secrets:
        assert secret not in written
        assert secret.rpartition(".")[2] not in written


@pytest.mark.parametrize("log", ["json"], indirect=True)
async def test_every_line_of_the_json_log_is_one_event(
    browser: AsyncClient, services: Services, log: io.StringIO
) -> None:
    await journey(browser, services)
    events: list[dict[str, Any]] = [json.loads(line) for line in log.getvalue().splitlines()]

    assert all({"time", "level", "event", "logger"} <= set(event) for event in events)
    [fault] = [event for event in events if event["event"] == "unhandled_error"]
    assert "BrokenPage" in fault["exception"]
    assert fault["path"] == "/broken"
