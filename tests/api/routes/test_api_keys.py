"""API keys over REST: who may make them, and what they may do."""

import io
import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args
from uuid import UUID

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from httpx import AsyncClient

from autograph_web.accounts.store import USERS
from autograph_web.api.app import build_api
from autograph_web.api.authentication import CurrentCaller, CurrentPrincipal
from autograph_web.api_keys.key import ApiKeyPrincipal, Scope
from autograph_web.authz.errors import ScopeMissing, SessionRequired
from autograph_web.authz.operations import REST, Operation, Who, operation_of
from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, sign_in, sign_up
from tests.support.services.api_keys import impostor, issue, make_key, me, newcomer, showing
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, audited, change

OTHER = "theo@northwind.dev"
ROUTES = [route for route in build_api().routes if isinstance(route, APIRoute) and route.include_in_schema]
CALLS = {f"{method} {route.path}": route for route in ROUTES for method in route.methods or ()}
BODIES: dict[str, Any] = {
    "POST /mfa/enable": {"code": "123456"},
    "POST /password-change": {"current_password": "x", "new_password": "y"},
    "POST /email-change/request": {"email": OTHER},
    "DELETE /account": {"confirm_email": EMAIL},
    "POST /api-keys": {"name": "Another", "scopes": ["read"]},
    "POST /admin/users": {"email": "nora@northwind.dev"},
    "POST /admin/users/{user_id}/role": {"role": "admin"},
    "PUT /admin/flags/{name}": {"value": "off"},
    "POST /admin/addresses/unlock": {"address": "198.51.100.9"},
}
SCOPES = (["read"], ["write"], ["admin"], ["read", "write", "admin"])


@pytest.fixture
async def mina(api: AsyncClient) -> dict[str, str]:
    """The header of somebody who is signed in."""
    await sign_up(api)
    return bearer(await sign_in(api))


@cache
def reference() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return build_api().openapi()


def holder_of(*scopes: Scope) -> ApiKeyPrincipal:
    return ApiKeyPrincipal(
        user_id=UUID(int=1),
        email=EMAIL,
        role="admin",
        mfa_enabled=False,
        key_id="x" * 11,
        name="x",
        scopes=frozenset(scopes),
        expires_at=None,
    )


def dependencies(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from dependencies(one)


def asks_for(call: str) -> set[str]:
    """Return which of the two ways of asking who calls a route has."""
    asked = set(dependencies(CALLS[call].dependant))
    ways = {"viewer": CurrentPrincipal, "caller": CurrentCaller}
    return {name for name, way in ways.items() if get_args(way)[1].dependency in asked}


def test_every_call_is_in_the_table_and_nothing_else() -> None:
    assert set(REST) == set(CALLS)


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_route_asks_for_what_the_table_says(call: str) -> None:
    operation = REST[call]
    if operation.who is Who.PUBLIC:
        assert asks_for(call) == set()
    else:
        assert asks_for(call) == ({"caller"} if operation.scope else {"caller", "viewer"})


@pytest.mark.parametrize("call", sorted(CALLS))
def test_the_reference_says_who_may_call(call: str) -> None:
    method, path = call.split()
    operation, listed = reference()["paths"][path][method.lower()], REST[call]
    said = operation["description"]
    if listed.who is Who.PUBLIC:
        assert "API keys: " not in said
    elif listed.scope is None:
        assert said.count("API keys: not accepted.") == 1
        assert {"ApiKey": []} not in operation["security"]
    else:
        assert said.count(f"API keys: requires scope `{listed.scope}`.") == 1
        assert operation["security"].count({"ApiKey": []}) == 1


def test_the_reference_says_it_once_however_often_it_is_asked() -> None:
    api = build_api()
    assert json.dumps(api.openapi()) == json.dumps(api.openapi())


def tries() -> Iterator[Any]:
    """Yield each call with the sets of scopes that it refuses, and with each one that it takes."""
    for call in sorted(call for call in CALLS if REST[call].who is not Who.PUBLIC):
        taken = [scopes for scopes in SCOPES if REST[call].scope in scopes]
        yield pytest.param(call, [one for one in SCOPES if one not in taken], id=f"{call}-others")
        for scopes in taken:
            yield pytest.param(call, [scopes], id=f"{call}-{'+'.join(scopes)}")


@pytest.mark.parametrize(("call", "sets"), list(tries()))
async def test_a_key_may_do_what_its_scopes_say_and_no_more(
    api: AsyncClient, services: Services, mina: dict[str, str], call: str, sets: list[list[str]]
) -> None:
    await change(services, USERS, role="admin")
    other = (await sign_up(api, OTHER))["id"]
    for made, scopes in enumerate(sets, 1):
        key = await make_key(api, mina, scopes=scopes)
        method, path = call.split()
        path = path.replace("{user_id}", other).replace("{key_id}", key["id"])
        path = path.replace("{device_id}", "7d1b0b1e-6f3e-4c55-9d0c-0a3f8f3f2d11")
        answer = await api.request(method, path, json=BODIES.get(call), headers=showing(key["key"]))
        if REST[call].scope is None:
            assert_problem(answer, 403, "session_required")
        elif REST[call].scope in scopes:
            assert answer.is_success or answer.json()["code"] == "mfa_not_enabled"
        else:
            assert_problem(answer, 403, "insufficient_scope")
        assert (await api.get("/me", headers=mina)).status_code == 200
        assert len((await api.get("/api-keys", headers=mina)).json()) == made


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("given", list(Scope))
def test_no_scope_includes_another(scope: Scope, given: Scope) -> None:
    operation, holder = Operation(Who.USER, scope), holder_of(given)
    if scope is given:
        operation.require_scope(holder)
        return
    with pytest.raises(ScopeMissing):
        operation.require_scope(holder)


def test_what_is_in_no_table_takes_a_session() -> None:
    with pytest.raises(SessionRequired):
        operation_of("GET /nobody-thought-of-it").require_scope(holder_of(*Scope))


async def test_the_key_is_shown_once(api: AsyncClient, mina: dict[str, str]) -> None:
    made = await make_key(api, mina, name=" Nightly backup ", scopes=["write", "read", "read"])
    answer = await api.get("/api-keys", headers=mina)
    [listed] = answer.json()

    assert made["key"].startswith(f"{made['prefix']}_")
    assert made["prefix"] == f"agk_{made['id']}"
    assert listed == {name: made[name] for name in listed}
    assert listed["name"] == "Nightly backup"
    assert listed["scopes"] == ["read", "write"]
    assert listed["last_used_at"] is None
    assert listed["last_used_ip"] is None
    assert made["key"][16:] not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_me_tells_whom_the_key_stands_for(
    api: AsyncClient, connect: Connect, mina: dict[str, str]
) -> None:
    made = await make_key(api, mina, name="Sicherung für Zürich 💾", expires_in_days=None)
    answer = await me(connect(ip="192.0.2.9"), made["key"])
    account = (await api.get("/me", headers=mina)).json()

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        **{name: account[name] for name in ("id", "email", "role", "mfa_enabled")},
        "api_key": {
            "id": made["id"],
            "name": "Sicherung für Zürich 💾",
            "scopes": ["read"],
            "expires_at": None,
        },
    }
    assert "api_key" not in account
    [listed] = (await api.get("/api-keys", headers=mina)).json()
    assert listed["last_used_ip"] == "192.0.2.9"
    assert listed["last_used_at"]


async def test_the_scheme_may_be_written_in_any_case(api: AsyncClient, mina: dict[str, str]) -> None:
    made = await make_key(api, mina)
    answer = await api.get("/me", headers={"Authorization": f"bEARER {made['key']}"})
    assert answer.status_code == 200


async def test_a_key_is_taken_nowhere_but_in_its_header(api: AsyncClient, mina: dict[str, str]) -> None:
    key = (await make_key(api, mina))["key"]
    for answer in (
        await api.get(f"/me?access_token={key}&api_key={key}"),
        await api.get("/me", headers={"X-API-Key": key}),
        await api.get("/me", headers={"Cookie": f"autograph_session={key}"}),
    ):
        assert answer.status_code == 401
    assert_problem(await api.get("/me", headers={"Authorization": f"Basic {key}"}), 401, "invalid_token")
    assert_problem(await api.post("/refresh", json={"refresh_token": key}), 401, "invalid_token")


async def test_a_wrong_key_is_refused_whatever_cookie_comes_along(
    browser: AsyncClient, api: AsyncClient, mina: dict[str, str]
) -> None:
    await browser.post(
        "/session/sign-in", data={"email": EMAIL, "password": "gravel harbour thirteen violins"}
    )
    assert (await browser.get("/me")).status_code == 200
    made = await make_key(api, mina)
    assert_problem(await me(browser, impostor(made["key"])), 401, "api_key_invalid")


@pytest.mark.parametrize("text", ["agk_", "agk_x", "agk_" + "0" * 61, "agk_" + "x" * 7000, "agk_ x"])
async def test_what_only_begins_like_a_key_is_refused(api: AsyncClient, text: str) -> None:
    answer = await me(api, text)
    assert_problem(answer, 401, "api_key_invalid")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_key_ends_when_it_expires_or_is_revoked(
    api: AsyncClient, clock: FakeClock, mina: dict[str, str]
) -> None:
    short, long = await make_key(api, mina, expires_in_days=1), await make_key(api, mina)
    clock.advance(86_400)
    assert_problem(await me(api, short["key"]), 401, "api_key_expired")
    header = bearer(await sign_in(api))
    answer = await api.delete(f"/api-keys/{long['id']}", headers=header)
    assert answer.json() == {"message": "The API key was revoked."}
    assert_problem(await me(api, long["key"]), 401, "api_key_revoked")
    assert_problem(await api.delete(f"/api-keys/{long['id']}", headers=header), 404, "not_found")
    assert [one["id"] for one in (await api.get("/api-keys", headers=header)).json()] == [short["id"]]


async def test_somebody_elses_key_is_not_there(api: AsyncClient, mina: dict[str, str]) -> None:
    made = await make_key(api, mina)
    await sign_up(api, OTHER)
    theo = bearer(await sign_in(api, OTHER))
    assert (await api.get("/api-keys", headers=theo)).json() == []
    assert_problem(await api.delete(f"/api-keys/{made['id']}", headers=theo), 404, "not_found")
    assert_problem(await api.delete("/api-keys/%00", headers=theo), 404, "not_found")
    assert_problem(await api.delete(f"/api-keys/{'x' * 65}", headers=theo), 422, "invalid_input")
    assert (await me(api, made["key"])).status_code == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"name": "a\u0000b"}, "api_key_name_invalid"),
        ({"name": "x" * 65}, "api_key_name_invalid"),
        ({"name": "x" * 60_000}, "api_key_name_invalid"),
        ({"name": 7}, "invalid_input"),
        ({"name": None}, "invalid_input"),
        ({"scopes": []}, "invalid_input"),
        ({"scopes": "read"}, "invalid_input"),
        ({"scopes": ["root"]}, "invalid_input"),
        ({"scopes": ["read"] * 5000 + [7]}, "invalid_input"),
        ({"expires_in_days": 0}, "invalid_input"),
        ({"expires_in_days": 10**30}, "invalid_input"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "api_key_expiry_invalid"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "api_key_expiry_invalid"),
        ({"expires_at": "2099-01-01"}, "invalid_input"),
        ({"expires_at": "soon"}, "invalid_input"),
        ({"expires_at": None, "expires_in_days": None}, "invalid_input"),
        ({"user_id": "x"}, "invalid_input"),
    ],
)
async def test_what_cannot_be_a_key_is_refused(
    api: AsyncClient, mina: dict[str, str], data: dict[str, Any], code: str
) -> None:
    body = {"name": "x", "scopes": ["read"], **data}
    assert_problem(await api.post("/api-keys", json=body, headers=mina), 422, code)
    assert (await api.get("/api-keys", headers=mina)).json() == []


async def test_the_scope_admin_is_refused_to_others(api: AsyncClient, mina: dict[str, str]) -> None:
    body = {"name": "x", "scopes": ["read", "admin"]}
    problem = assert_problem(await api.post("/api-keys", json=body, headers=mina), 403, "scope_not_allowed")
    assert problem["field"] == "scopes"


async def test_making_one_takes_a_fresh_sign_in(
    api: AsyncClient, clock: FakeClock, mina: dict[str, str]
) -> None:
    clock.advance(601)
    body = {"name": "x", "scopes": ["read"]}
    assert_problem(await api.post("/api-keys", json=body, headers=mina), 403, "reauthentication_required")
    assert_problem(await api.post("/api-keys", json=body), 401, "not_authenticated")


async def test_the_twenty_sixth_is_one_too_many(api: AsyncClient, services: Services) -> None:
    principal = await newcomer(services)
    for _ in range(25):
        await issue(services, principal)
    body = {"name": "x", "scopes": ["read"]}
    answer = await api.post("/api-keys", json=body, headers=bearer(await sign_in(api)))
    assert_problem(answer, 409, "too_many_api_keys")


@pytest.mark.parametrize("settings_changes", [{"limit_api_key": "3/1m"}])
async def test_too_many_uses_are_told_when_to_come_back(
    api: AsyncClient, clock: FakeClock, mina: dict[str, str]
) -> None:
    made = await make_key(api, mina)
    for _ in range(3):
        assert (await me(api, made["key"])).status_code == 200
    answer = await me(api, made["key"])
    assert_problem(answer, 429, "rate_limited")
    assert answer.headers["retry-after"] == "60"
    assert_problem(await api.get("/mfa/trusted-devices", headers=showing(made["key"])), 429, "rate_limited")
    clock.advance(60)
    assert (await me(api, made["key"])).status_code == 200


async def test_guessing_is_cut_short(connect: Connect, api: AsyncClient, mina: dict[str, str]) -> None:
    made, thief = await make_key(api, mina), connect(ip="192.0.2.66")
    for number in range(20):
        assert_problem(await me(thief, impostor(made["key"], number)), 401, "api_key_invalid")
    assert_problem(await me(thief, impostor(made["key"], 99)), 429, "rate_limited")
    assert (await me(api, made["key"])).status_code == 200


async def test_the_hot_path_and_the_route_agree(
    api: AsyncClient, clock: FakeClock, mina: dict[str, str]
) -> None:
    read, write = await make_key(api, mina), await make_key(api, mina, scopes=["write"])
    ways: tuple[tuple[str, int, str], ...] = (
        (read["key"], 200, ""),
        (write["key"], 403, "insufficient_scope"),
        (impostor(read["key"]), 401, "api_key_invalid"),
    )
    for key, status, code in ways:
        hot = await api.get("/me", headers=showing(key))
        other = await api.get("/mfa/trusted-devices", headers=showing(key))
        assert hot.status_code == other.status_code == status
        if code:
            assert assert_problem(hot, status, code) == assert_problem(other, status, code)


async def test_no_log_shows_a_key(
    api: AsyncClient, mina: dict[str, str], services: Services, log: io.StringIO
) -> None:
    key = (await make_key(api, mina, name="x"))["key"]
    await api.get(f"/broken?key={key}", headers={**showing(key), "Accept": "text/html"})
    await me(api, key)
    await me(api, key[:-1])
    await api.post("/api-keys", content=f'{{"name": "{key}"', headers={**mina, **showing(key)})
    written = log.getvalue()

    assert "unhandled_error" in written
    assert key[16:] not in written
    assert key[16:-1] not in written
    assert len(await audited(services, "api_key_created")) == 1
