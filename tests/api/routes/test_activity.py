"""GET /activity and GET /activity/export."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from autograph_web.audit.event_filter import Cursor
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from tests.support.clients.http import CREDENTIALS, assert_problem, bearer, cookies_set, sign_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, audited, change, context, register, rows
from tests.support.services.operators import OPERATOR


async def ask(api: AsyncClient, tokens: dict[str, Any], path: str = "/activity", **query: Any) -> Any:
    return await api.get(path, headers=bearer(tokens), params=query)


async def kinds(api: AsyncClient, tokens: dict[str, Any], **query: Any) -> list[str]:
    response = await ask(api, tokens, **query)
    assert response.status_code == 200, response.text
    return [event["kind"] for event in response.json()["events"]]


async def test_an_event_says_what_when_where_and_with_what(
    api: AsyncClient, tokens: dict[str, Any], clock: FakeClock
) -> None:
    body = (await ask(api, tokens)).json()

    assert body["next_cursor"] is None
    assert [event["label"] for event in body["events"]] == ["Signed in", "Account created"]
    newest = body["events"][0]
    assert datetime.fromisoformat(newest.pop("at")) == clock.now()
    assert newest.pop("session_id")
    assert newest == {
        "kind": "login_success",
        "label": "Signed in",
        "device": "Firefox 140 on Linux",
        "ip": "203.0.113.7",
        "user_agent": AGENT,
        "this_session": True,
        "details": {"method": "password", "remember_me": False},
    }


async def test_the_pages_follow_each_other_without_gap_or_repetition(
    api: AsyncClient, tokens: dict[str, Any], services: Services, clock: FakeClock
) -> None:
    for _ in range(3):  # several within the same second
        clock.advance(1)
        for _ in range(3):
            await sign_in(api)
    whole = (await ask(api, tokens)).json()["events"]
    found: list[Any] = []
    path = "/activity?limit=2"
    while path:
        response = await api.get(path, headers=bearer(tokens))
        body = response.json()
        found += body["events"]
        link = response.headers.get("link", "")
        assert bool(link) == (body["next_cursor"] is not None)
        assert not link or body["next_cursor"] in link
        path = link.partition("<")[2].partition(">")[0]
        await sign_in(api)  # new events in the meantime shift nothing
    assert found == whole
    assert len(found) == 11


async def test_the_next_link_keeps_the_filter(api: AsyncClient, tokens: dict[str, Any]) -> None:
    await sign_in(api)
    response = await ask(api, tokens, limit=1, group="sign_in")
    link = response.headers["link"]
    assert link.startswith("</activity?limit=1&group=sign_in&cursor=")
    assert link.endswith('>; rel="next"')


async def test_the_filters_pick(api: AsyncClient, tokens: dict[str, Any], clock: FakeClock) -> None:
    refused = await api.post("/login", json=CREDENTIALS | {"password": "gravel harbour thirteen violas"})
    assert refused.status_code == 401
    clock.advance(3000)
    later = clock.now()
    other = await sign_in(api)
    await api.post("/logout", headers=bearer(other))

    assert await kinds(api, tokens, group="sign_in") == [
        "logout",
        "login_success",
        "login_failed",
        "login_success",
    ]
    assert await kinds(api, tokens, group="account") == ["registration_success"]
    assert await kinds(api, tokens, group="two_step") == []
    assert await kinds(api, tokens, device="this") == ["login_success"]
    assert await kinds(api, tokens, device="other", group="sign_in") == [
        "logout",
        "login_success",
        "login_failed",
    ]
    assert await kinds(api, tokens, since=later.isoformat()) == ["logout", "login_success"]
    assert len(await kinds(api, tokens, until=later.isoformat())) == 3
    assert await kinds(api, tokens, since=later.isoformat(), until=later.isoformat()) == []


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        "a" * 22,
        "_" * 22,
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAAAB",
        "\N{SNOWMAN}" * 22,
        "AAAAAAAAAAAAAAAA AAAAAA",
        "' OR 1=1 --",
    ],
)
async def test_a_forged_cursor_is_refused(api: AsyncClient, tokens: dict[str, Any], cursor: str) -> None:
    assert_problem(await ask(api, tokens, cursor=cursor), 400, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "a" * 65},
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"group": "everything"},
        {"device": "mine"},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"since": "0"},
        {"since": "1767225600"},
        {"until": "-1"},
        {"until": "2026-01-01"},
        {"since": "2026-01-01T00:00Z"},
        {"until": "2026-01-01T00:00:00+0200"},
        {"until": "9" * 400},
        {"user_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
async def test_a_question_of_another_shape_is_refused(
    api: AsyncClient, tokens: dict[str, Any], query: dict[str, Any]
) -> None:
    body = assert_problem(await ask(api, tokens, **query), 422, "invalid_input")
    assert body["field"] == f"query.{next(iter(query))}"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00"])
async def test_the_edges_of_time_are_moments_too(
    api: AsyncClient, tokens: dict[str, Any], moment: str
) -> None:
    for name in ("since", "until"):
        assert (await ask(api, tokens, **{name: moment})).status_code == 200
        assert (await ask(api, tokens, "/activity/export", **{name: moment})).status_code == 200


async def test_a_cursor_of_somebody_else_opens_only_ones_own_events(
    api: AsyncClient, tokens: dict[str, Any], services: Services, clock: FakeClock
) -> None:
    clock.advance(60)
    await register(services, "theo@northwind.dev")
    theirs = await sign_in(api, "theo@northwind.dev")
    [row] = [row for row in await audited(services, "login_success") if row.at == clock.now()]
    cursor = Cursor(row.at, row.id).encode()

    assert await kinds(api, tokens, cursor=cursor) == ["login_success", "registration_success"]
    assert await kinds(api, theirs, cursor=cursor) == ["registration_success"]


async def test_authentication_is_required(api: AsyncClient) -> None:
    for path in ("/activity", "/activity/export"):
        assert_problem(await api.get(path), 401, "not_authenticated")


async def test_the_answers_are_kept_nowhere(api: AsyncClient, tokens: dict[str, Any]) -> None:
    for path in ("/activity", "/activity/export"):
        assert (await ask(api, tokens, path)).headers["cache-control"] == "no-store"


async def test_a_csv_is_a_file_for_a_spreadsheet(api: AsyncClient, tokens: dict[str, Any]) -> None:
    response = await ask(api, tokens, "/activity/export")

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="autograph-activity.csv"'
    assert response.headers["x-total-events"] == "3"
    assert response.content.startswith(b"\xef\xbb\xbftime,event,kind,device,address,user_agent,")
    table = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [line["event"] for line in table] == ["Data exported", "Signed in", "Account created"]
    assert table[1]["device"] == "Firefox 140 on Linux"
    assert table[1]["address"] == "203.0.113.7"
    assert json.loads(table[0]["details"]) == {"what": "activity"}
    assert response.text.count("\r\n") == 4


@pytest.mark.parametrize(
    "agent", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x","y")']
)
async def test_no_cell_of_a_csv_is_a_formula(
    api: AsyncClient, tokens: dict[str, Any], services: Services, agent: str
) -> None:
    await change(services, AUDIT, user_agent=agent)
    text = (await ask(api, tokens, "/activity/export")).content.decode("utf-8-sig")
    found = {line["user_agent"] for line in csv.DictReader(io.StringIO(text))}
    assert f"'{agent}" in found
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r＝")]


async def test_json_has_one_event_a_line(api: AsyncClient, tokens: dict[str, Any]) -> None:
    response = await ask(api, tokens, "/activity/export", format="json", group="sign_in")

    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == 'attachment; filename="autograph-activity.json"'
    found = response.json()
    assert found["format"] == "autograph-activity-1"
    assert [event["kind"] for event in found["events"]] == ["login_success"]
    assert response.headers["x-total-events"] == "1"
    assert response.text.count("\n") == 3


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_empty_file_is_a_file(api: AsyncClient, tokens: dict[str, Any], form: str) -> None:
    response = await ask(api, tokens, "/activity/export", format=form, group="two_step")
    assert response.headers["x-total-events"] == "0"
    if form == "json":
        assert response.json()["events"] == []
    else:
        assert response.text.count("\r\n") == 1


async def test_a_download_is_written_down_and_not_given_out_without_end(
    api: AsyncClient, tokens: dict[str, Any], services: Services
) -> None:
    for _ in range(20):
        assert (await ask(api, tokens, "/activity/export")).status_code == 200
    assert_problem(await ask(api, tokens, "/activity/export"), 429, "rate_limited")
    assert [row.details for row in await audited(services, "data_exported")] == [{"what": "activity"}] * 20


async def test_the_page_downloads_with_the_cookie(browser: AsyncClient, connect: Connect) -> None:
    answer = await browser.post("/session/register", data=CREDENTIALS)
    assert cookies_set(answer)["autograph_session"].value
    assert (await browser.get("/activity/export")).status_code == 200


async def test_events_of_other_accounts_are_not_exported(
    api: AsyncClient, tokens: dict[str, Any], services: Services
) -> None:
    await register(services, "theo@northwind.dev")
    await services.audit_log.record_alone(
        (await services.audit_log.recent((await register(services, "ada@northwind.dev")).id, 1))[0].kind,
        context("192.0.2.77"),
    )
    for form in ("csv", "json"):
        text = (await ask(api, tokens, "/activity/export", format=form)).text
        assert "192.0.2.77" not in text
        assert "198.51.100.200" not in text


async def test_this_session_reaches_back_to_its_own_beginning(
    api: AsyncClient, tokens: dict[str, Any], clock: FakeClock
) -> None:
    clock.advance(3000)
    response = await api.post("/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert await kinds(api, response.json(), device="this") == ["token_refreshed", "login_success"]
    begun = (clock.now() - timedelta(seconds=1500)).astimezone(UTC).isoformat()
    assert await kinds(api, response.json(), device="this", since=begun) == ["token_refreshed"]


async def test_an_owner_is_not_told_what_the_operators_system_calls_them(
    api: AsyncClient, services: Services
) -> None:
    account = await sign_up(api)
    for act in (services.user_actions.lock, services.user_actions.unlock):
        await act(OPERATOR, UUID(account["id"]))
    headers = bearer(await sign_in(api))
    told = (await api.get("/activity", headers=headers)).json()["events"]
    acts = [one["details"] for one in told if one["kind"] in ("account_locked", "account_unlocked")]

    assert [details["actor"] for details in acts] == ["an administrator"] * 2
    for path in ("/activity", "/activity/export", "/activity/export?format=json", "/account/export"):
        text = (await api.get(path, headers=headers)).text
        assert "an administrator" in text, path
        assert OPERATOR.actor not in text, path
    [kept, _] = [row for row in await rows(services, AUDIT) if "actor" in row.details]
    assert kept.details["actor"] == OPERATOR.actor
