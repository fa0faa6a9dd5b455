"""The server overview over REST: who may see it, who may change flags, and their immediate effect."""

from typing import Any

import pytest
from httpx import AsyncClient

from autograph_web.admin.user_summary import Role
from autograph_web.container import Services
from autograph_web.flags.table import FLAGS
from tests.support.clients.http import assert_problem, bearer, sign_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, audited, register
from tests.support.services.flags import switch
from tests.support.services.operators import OPERATOR, make_admin

ADMIN = "nora@northwind.dev"
CALLS = (("GET", "/admin/statistics"), ("GET", "/admin/flags"), ("PUT", "/admin/flags/password_grant"))
OFF = {"value": "off"}
FLAG = "/admin/flags/password_grant"


@pytest.fixture
async def nora(api: AsyncClient, services: Services) -> dict[str, str]:
    """The header of an administrator who has just signed in."""
    account = await register(services, ADMIN)
    await services.user_actions.set_role(OPERATOR, account.id, Role.ADMIN)
    return bearer(await sign_in(api, ADMIN))


async def put(api: AsyncClient, header: dict[str, str], body: Any, path: str = FLAG) -> Any:
    return await api.put(path, json=body, headers=header)


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_administrators_may(
    api: AsyncClient, nora: dict[str, str], services: Services, method: str, path: str
) -> None:
    given: dict[str, Any] = {"json": OFF} if method == "PUT" else {}
    assert_problem(await api.request(method, path, **given), 401, "not_authenticated")
    await sign_up(api)
    mina = bearer(await sign_in(api))
    assert_problem(await api.request(method, path, headers=mina, **given), 403, "not_admin")
    assert (await api.request(method, path, headers=nora, **given)).status_code == 200
    person = await services.user_directory.find(ADMIN)
    await make_admin(services, "ada@northwind.dev")
    await services.user_actions.set_role(OPERATOR, person.id, Role.USER)
    assert_problem(await api.request(method, path, headers=nora, **given), 401, "session_ended")


async def test_the_statistics_have_every_day_and_how_things_stand(
    api: AsyncClient, nora: dict[str, str], clock: FakeClock
) -> None:
    await sign_up(api)
    answer = await api.get("/admin/statistics", headers=nora)
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert len(body["days"]) == 30
    assert body["days"][-1] == {
        "day": clock.now().date().isoformat(),
        "sign_ins": 1,
        "failures": 0,
        "registrations": 2,
        "accounts": 2,
        "with_mfa": 0,
        "mfa_percent": 0.0,
    }
    assert (body["now"]["accounts"], body["now"]["active"], body["now"]["open_sessions"]) == (2, 1, 1)
    assert [one["code"] for one in body["attention"]] == ["administrators_without_two_step"]


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_as_many_days_as_asked_for(api: AsyncClient, nora: dict[str, str], days: int) -> None:
    body = (await api.get(f"/admin/statistics?days={days}", headers=nora)).json()
    assert len(body["days"]) == days


@pytest.mark.parametrize("query", ["days=0", "days=31", "days=x", "days=", "days=1e9", "month=1"])
async def test_other_spans_are_refused(api: AsyncClient, nora: dict[str, str], query: str) -> None:
    assert_problem(await api.get(f"/admin/statistics?{query}", headers=nora), 422, "invalid_input")


async def test_the_flags_are_listed_in_the_order_of_the_table(api: AsyncClient, nora: dict[str, str]) -> None:
    body = (await api.get("/admin/flags", headers=nora)).json()
    assert [one["name"] for one in body] == [flag.name for flag in FLAGS]
    assert [one["value"] for one in body] == [one["default"] for one in body]
    assert all(one["value"] in one["choices"] and one["meaning"] for one in body)


async def test_a_flag_is_switched_and_reset_and_both_are_audited(
    api: AsyncClient, nora: dict[str, str], services: Services
) -> None:
    body = (await put(api, nora, OFF)).json()
    person = await services.user_directory.find(ADMIN)
    assert (body["value"], body["percent"], body["default"]) == ("off", 100, "on")
    assert body["changed_by"] == f"administrator: {person.id}"
    form = {"grant_type": "password", "username": ADMIN, "password": PASSWORD}
    assert_problem(await api.post("/token", data=form), 404, "endpoint_disabled")
    body = (await put(api, nora, {"value": None})).json()
    assert (body["value"], body["changed_by"]) == ("on", None)
    assert (await api.post("/token", data=form)).status_code == 200
    found = await audited(services, "flag_changed")
    assert [(row.user_id, row.details["before"], row.details["after"]) for row in found] == [
        (person.id, "on (default)", "off"),
        (person.id, "off", "on (default)"),
    ]
    assert found[0].details["actor"] == f"administrator: {person.id}"
    assert found[0].ip == "203.0.113.7"


async def test_a_share_of_the_accounts(api: AsyncClient, nora: dict[str, str]) -> None:
    body = (await put(api, nora, {"value": "off", "percent": 25}, "/admin/flags/trusted_devices")).json()
    assert (body["value"], body["percent"], body["default"]) == ("off", 25, "on")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/admin/flags/no_such_flag", OFF, 404, "flag_unknown"),
        (FLAG, {"value": "perhaps"}, 422, "flag_value_invalid"),
        (FLAG, {"value": "off", "percent": 50}, 422, "flag_share_invalid"),
        ("/admin/flags/trusted_devices", {"value": "off", "percent": 101}, 422, "flag_share_invalid"),
        ("/admin/flags/trusted_devices", {"value": "off", "percent": 10**30}, 422, "flag_share_invalid"),
        ("/admin/flags/trusted_devices", {"value": "off", "percent": "50"}, 422, "invalid_input"),
        (FLAG, {"value": True}, 422, "invalid_input"),
        (FLAG, {}, 422, "invalid_input"),
        (FLAG, {"value": "off", "actor": "somebody"}, 422, "invalid_input"),
        (f"/admin/flags/{'x' * 65}", OFF, 422, "invalid_input"),
    ],
)
async def test_an_invalid_flag_change_is_refused(
    api: AsyncClient, nora: dict[str, str], services: Services, path: str, body: Any, status: int, code: str
) -> None:
    assert_problem(await put(api, nora, body, path), status, code)
    assert await audited(services, "flag_changed") == []


async def test_a_sign_in_that_is_not_fresh_switches_nothing(
    api: AsyncClient, nora: dict[str, str], clock: FakeClock, services: Services
) -> None:
    clock.advance(601)
    assert_problem(await put(api, nora, OFF), 403, "reauthentication_required")
    assert (await api.get("/admin/flags", headers=nora)).status_code == 200
    assert await audited(services, "flag_changed") == []


async def test_an_api_key_may_look_with_the_scope_admin_and_never_switches(
    api: AsyncClient, nora: dict[str, str]
) -> None:
    keys: dict[str, dict[str, str]] = {}
    for scope in ("read", "admin"):
        made = await api.post("/api-keys", json={"name": scope, "scopes": [scope]}, headers=nora)
        keys[scope] = {"Authorization": f"Bearer {made.json()['key']}"}
    for _, path in CALLS[:2]:
        assert_problem(await api.get(path, headers=keys["read"]), 403, "insufficient_scope")
        assert (await api.get(path, headers=keys["admin"])).status_code == 200
    assert_problem(await put(api, keys["admin"], OFF), 403, "session_required")


async def test_a_closed_registration_is_a_problem_over_rest_and_a_sentence_at_the_form(
    api: AsyncClient, browser: AsyncClient, services: Services
) -> None:
    await switch(services, "registration_open", "off")
    data = {"email": EMAIL, "password": PASSWORD}
    body = assert_problem(await api.post("/register", json=data), 403, "registration_closed")
    assert body["detail"].startswith("Registration is closed.")
    answer = await browser.post("/session/register", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/register")


async def test_a_browser_gets_the_page_of_the_same_address(
    browser: AsyncClient, nora: dict[str, str], api: AsyncClient
) -> None:
    await browser.post("/session/sign-in", data={"email": ADMIN, "password": PASSWORD})
    assert (await browser.get("/admin/flags")).text == "page /admin/flags.html"
    assert (await browser.get("/admin")).text == "page /admin.html"
    answer = await browser.get("/admin/flags", headers={"Accept": "application/json"})
    assert answer.json() == (await api.get("/admin/flags", headers=nora)).json()


async def test_a_cookie_from_elsewhere_switches_nothing(
    connect: Connect, nora: dict[str, str], services: Services
) -> None:
    browser = connect(origin=services.settings.base_url)
    await browser.post("/session/sign-in", data={"email": ADMIN, "password": PASSWORD})
    evil = connect(origin="https://evil.example")
    evil.cookies = browser.cookies
    assert_problem(await put(evil, {}, OFF), 403, "origin_refused")
    assert (await put(browser, {}, OFF)).status_code == 200
    assert nora
