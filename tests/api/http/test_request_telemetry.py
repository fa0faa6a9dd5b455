"""A request has one id, used wherever it is mentioned, and one line in the log with nothing private in it."""

import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from tests.support.clients.http import CREDENTIALS, bearer, sign_in, sign_up
from tests.support.runner.logging_setup import captured_log
from tests.support.services.factories import EMAIL, WRONG, audited

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(params=["INFO"])
def lines(request: pytest.FixtureRequest) -> Generator[Lines]:
    """Reads the log lines as JSON."""
    with captured_log(request.param, "json") as output:
        yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]


async def test_one_id_in_answer_refusal_audit_and_log(
    api: AsyncClient, services: Services, lines: Lines
) -> None:
    await sign_up(api)
    answer = await api.post("/login", json={"email": EMAIL, "password": WRONG})
    its_id = answer.headers["x-request-id"]

    assert answer.json()["instance"] == f"urn:uuid:{its_id}"
    [row] = await audited(services, "login_failed")
    assert row.request_id == its_id
    [line] = [line for line in lines() if line.get("route") == "/login"]
    assert (line["request_id"], line["status"], line["method"]) == (its_id, 401, "POST")


async def test_a_fault_is_logged_under_the_id_of_its_request(browser: AsyncClient, lines: Lines) -> None:
    answer = await browser.get("/broken")

    [fault] = [line for line in lines() if line["event"] == "unhandled_error"]
    assert fault["request_id"] == answer.headers["x-request-id"]


async def test_a_line_says_whose_request_it_was_and_nothing_they_sent(api: AsyncClient, lines: Lines) -> None:
    account = await sign_up(api)
    pair = await sign_in(api)
    await api.get(
        "/me?token=abcdefgh&email=x@y.dev", headers=bearer(pair) | {"User-Agent": "a-strange-agent"}
    )
    await api.get("/a/path-of-their-own?code=123456")

    written = json.dumps([line for line in lines() if line["logger"] != "httpx"])  # the test's own client
    for word in ("abcdefgh", "x@y.dev", EMAIL, "a-strange-agent", "path-of-their-own", "123456", "203.0.113"):
        assert word not in written
    [me] = [line for line in lines() if line.get("route") == "/me"]
    assert me["user_id"] == account["id"]
    assert set(me) == {"event", "level", "logger", "method", "ms", "request_id", "route", "status", "time", "user_id"}  # fmt: skip  # noqa: E501
    assert [line["user_id"] for line in lines() if line.get("route") == "/login"] == [account["id"]]
    assert [line["status"] for line in lines() if line.get("route") == "(other)"] == [404]


async def test_probes_scrapes_and_files_get_a_line_only_when_they_fail(
    api: AsyncClient, lines: Lines
) -> None:
    for path in ("/health/live", "/health/ready", "/metrics", "/favicon.ico"):
        await api.get(path)

    assert [line for line in lines() if line["event"] == "request"] == []


@pytest.mark.parametrize("settings_changes", [{"access_log": False}])
async def test_the_lines_can_be_turned_off(api: AsyncClient, lines: Lines) -> None:
    await api.post("/login", json=CREDENTIALS)

    assert [line for line in lines() if line["event"] == "request"] == []


@pytest.mark.parametrize("lines", ["WARNING"], indirect=True)
async def test_a_higher_level_has_no_lines(api: AsyncClient, lines: Lines) -> None:
    await api.post("/login", json=CREDENTIALS)

    assert [line for line in lines() if line["event"] == "request"] == []
