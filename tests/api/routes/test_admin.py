"""What administrators do over REST, and how all others are refused."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from autograph_web.admin.user_summary import Role
from autograph_web.container import Services
from autograph_web.sessions.assurance import RECENT_S
from tests.support.clients.http import assert_problem, bearer, come_in, sign_in, sign_up
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, audited
from tests.support.services.operators import OPERATOR, make_admin

NORA = "nora@northwind.dev"
CALLS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/admin/users", None),
    ("GET", "/admin/users?email=mina", None),
    ("POST", "/admin/users", {"email": EMAIL}),
    ("GET", "/admin/users/{id}", None),
    ("POST", "/admin/users/{id}/lock", None),
    ("POST", "/admin/users/{id}/unlock", None),
    ("POST", "/admin/users/{id}/role", {"role": "admin"}),
    ("DELETE", "/admin/users/{id}/sessions", None),
    ("POST", "/admin/users/{id}/mfa/reset", None),
    ("GET", "/admin/audit", None),
    ("GET", "/admin/audit/export", None),
)
every_call = pytest.mark.parametrize(("method", "path", "body"), CALLS)


@pytest.fixture
async def mina(api: AsyncClient) -> str:
    """The id of a user with an account."""
    return str((await sign_up(api))["id"])


@pytest.fixture
async def nora(api: AsyncClient, services: Services, mina: str) -> dict[str, str]:
    """The header of an administrator who has just signed in."""
    account = await sign_up(api, NORA)
    person = await services.user_directory.find(str(account["id"]))
    await services.user_actions.set_role(OPERATOR, person.id, Role.ADMIN)
    return bearer(await sign_in(api, NORA))


@every_call
async def test_nobody_and_no_user_learns_whether_there_is_such_an_account(
    api: AsyncClient, services: Services, mina: str, method: str, path: str, body: Any
) -> None:
    await make_admin(services, NORA)
    await sign_up(api, "theo@northwind.dev")
    theo = bearer(await sign_in(api, "theo@northwind.dev"))
    for header, status, code in (({}, 401, "not_authenticated"), (theo, 403, "not_admin")):
        answers: list[dict[str, Any]] = []
        for user_id in (mina, str(uuid4()), "nonsense"):
            answer = await api.request(method, path.replace("{id}", user_id), json=body, headers=header)
            answers.append(assert_problem(answer, status, code))
        assert answers[0] == answers[1] == answers[2]
    nonsense = await api.request("POST", "/admin/users", json={"mail": 7}, headers=theo)
    assert_problem(nonsense, 403, "not_admin")
    assert (await services.user_directory.find(EMAIL)).role == "user"


async def test_accounts_are_listed_page_by_page(api: AsyncClient, nora: dict[str, str]) -> None:
    first = await api.get("/admin/users?limit=1&email=northwind", headers=nora)
    assert first.headers["cache-control"] == "no-store"
    assert [user["email"] for user in first.json()["users"]] == [EMAIL]
    following = first.headers["link"].partition(">")[0][1:]
    assert following.startswith("/admin/users?")
    second = await api.get(following, headers=nora)
    assert [user["email"] for user in second.json()["users"]] == [NORA]
    assert second.json()["next_after"] is None
    assert "link" not in second.headers
    for query, emails in (("role=admin", [NORA]), ("mfa=true", []), ("status=locked", [])):
        found = (await api.get(f"/admin/users?{query}", headers=nora)).json()["users"]
        assert [user["email"] for user in found] == emails
    assert_problem(await api.get("/admin/users?role=king", headers=nora), 422, "invalid_input")
    assert_problem(await api.get("/admin/users?limit=0", headers=nora), 422, "invalid_input")
    assert (await api.get("/admin/users?email=%00", headers=nora)).json()["users"] == []


async def test_one_account_is_shown_with_where_it_is_signed_in(
    api: AsyncClient, nora: dict[str, str], mina: str
) -> None:
    await sign_in(api)
    shown = (await api.get(f"/admin/users/{mina}", headers=nora)).json()
    assert (shown["email"], shown["role"], shown["status"], shown["open_sessions"]) == (
        EMAIL,
        "user",
        "active",
        1,
    )
    assert [one["device"] for one in shown["sessions"]] == ["Firefox 140 on Linux"]
    assert [one["kind"] for one in shown["recent_events"]] == ["login_success", "registration_success"]
    assert "password" not in str(shown).replace("password'", "")
    assert_problem(await api.get(f"/admin/users/{uuid4()}", headers=nora), 404, "account_unknown")
    assert_problem(await api.get("/admin/users/nobody", headers=nora), 422, "invalid_input")


async def test_accounts_are_made_with_a_password_an_invitation_or_a_link(
    api: AsyncClient, nora: dict[str, str], mailbox: Mailbox
) -> None:
    given = {"email": "otto@northwind.dev", "password": PASSWORD, "role": "admin"}
    made = await api.post("/admin/users", json=given, headers=nora)
    assert (made.status_code, made.json()["link"]) == (201, None)
    assert (await sign_in(api, "otto@northwind.dev"))["access_token"]

    mailbox.empty()
    invited = await api.post("/admin/users", json={"email": "ada@x.dev", "invite": True}, headers=nora)
    assert invited.json()["link"] is None
    assert [letter.to for letter in mailbox.letters] == ["ada@x.dev"]

    linked = (await api.post("/admin/users", json={"email": "eve@x.dev"}, headers=nora)).json()["link"]
    token = linked.partition("token=")[2]
    done = await api.post("/password-reset/confirm", json={"token": token, "new_password": PASSWORD})
    assert done.status_code == 200
    again = await api.post("/admin/users", json={"email": "EVE@x.dev"}, headers=nora)
    assert_problem(again, 409, "email_taken")
    weak = {"email": "weak@x.dev", "password": "short"}
    assert_problem(await api.post("/admin/users", json=weak, headers=nora), 422, "password_too_short")


async def test_changes_are_in_force_at_once(
    api: AsyncClient, nora: dict[str, str], services: Services, mina: str
) -> None:
    minas = bearer(await sign_in(api))
    assert (await api.post(f"/admin/users/{mina}/lock", headers=nora)).json() == {"changed": True}
    assert_problem(await api.get("/me", headers=minas), 401, "session_ended")
    assert (await api.post(f"/admin/users/{mina}/lock", headers=nora)).json() == {"changed": False}
    assert (await api.post(f"/admin/users/{mina}/unlock", headers=nora)).json() == {"changed": True}
    await sign_in(api)
    ended = await api.delete(f"/admin/users/{mina}/sessions", headers=nora)
    assert ended.json() == {"revoked": 1}
    reset = await api.post(f"/admin/users/{mina}/mfa/reset", headers=nora)
    assert_problem(reset, 400, "mfa_not_enabled")
    promoted = await api.post(f"/admin/users/{mina}/role", json={"role": "admin"}, headers=nora)
    assert promoted.json() == {"changed": True}
    assert (await services.user_directory.find(EMAIL)).role == "admin"
    for path in ("lock", "unlock", "mfa/reset"):
        unknown = await api.post(f"/admin/users/{uuid4()}/{path}", headers=nora)
        assert_problem(unknown, 404, "account_unknown")


async def test_the_last_administrator_stays_one(api: AsyncClient, nora: dict[str, str]) -> None:
    me = (await api.get("/me", headers=nora)).json()["id"]
    demoted = await api.post(f"/admin/users/{me}/role", json={"role": "user"}, headers=nora)
    assert_problem(demoted, 409, "last_admin")
    assert_problem(await api.post(f"/admin/users/{me}/lock", headers=nora), 409, "own_account")


async def test_a_change_takes_a_recent_sign_in(
    api: AsyncClient, nora: dict[str, str], clock: FakeClock, mina: str
) -> None:
    clock.advance(RECENT_S + 1)
    for method, path, body in CALLS:
        if method == "GET":
            assert (await api.get(path.replace("{id}", mina), headers=nora)).status_code == 200
        else:
            answer = await api.request(method, path.replace("{id}", mina), json=body, headers=nora)
            assert_problem(answer, 403, "reauthentication_required")


async def test_everybodys_events_are_searched_and_downloaded(
    api: AsyncClient, nora: dict[str, str], services: Services, mina: str
) -> None:
    await api.post(f"/admin/users/{mina}/lock", headers=nora)
    page = await api.get(f"/admin/audit?person={EMAIL}&limit=1", headers=nora)
    [event] = page.json()["events"]
    assert (event["kind"], event["email"], event["operator"]) == ("account_locked", EMAIL, NORA)
    older = await api.get(page.headers["link"].partition(">")[0][1:], headers=nora)
    assert [event["kind"] for event in older.json()["events"]] == ["registration_success"]
    refused = await api.get("/admin/audit?outcome=refused", headers=nora)
    assert refused.json() == {"events": [], "next_cursor": None}
    assert_problem(await api.get("/admin/audit?cursor=x", headers=nora), 400, "invalid_cursor")
    assert_problem(await api.get("/admin/audit?group=x", headers=nora), 422, "invalid_input")

    file = await api.get(f"/admin/audit/export?person={mina}", headers=nora)
    rows = list(csv.DictReader(io.StringIO(file.text[1:])))
    assert [row["kind"] for row in rows] == ["account_locked", "registration_success"]
    assert file.headers["x-total-events"] == "2"
    assert "autograph-audit.csv" in file.headers["content-disposition"]
    [taken] = await audited(services, "data_exported")
    assert taken.details == {"what": "audit log"}


async def test_a_browser_gets_the_page_and_a_program_the_list(
    connect: Connect, browser: AsyncClient, nora: dict[str, str], services: Services
) -> None:
    await come_in(browser, NORA)
    assert (await browser.get("/admin/users")).text == "page /admin/users.html"
    cookie = f"autograph_session={browser.cookies['autograph_session']}"
    fetched = await connect(Cookie=cookie, Accept="application/json").get("/admin/users")
    assert [user["email"] for user in fetched.json()["users"]] == [EMAIL, NORA]
    # A token identifies the client as a program, whatever it accepts.
    shown = await browser.get("/admin/users", headers=nora)
    assert shown.headers["content-type"] == "application/json"


async def test_no_other_site_changes_anything_with_the_cookie(
    connect: Connect, browser: AsyncClient, nora: dict[str, str], mina: str
) -> None:
    await come_in(browser, NORA)
    cookie = f"autograph_session={browser.cookies['autograph_session']}"
    other = connect(origin="https://elsewhere.example", Cookie=cookie)
    assert_problem(await other.post(f"/admin/users/{mina}/lock"), 403, "origin_refused")


async def test_what_an_operator_did_shows_the_owner_nothing_of_them(
    api: AsyncClient, connect: Connect, nora: dict[str, str], mina: str
) -> None:
    admin = connect(ip="192.0.2.77")
    await admin.post(f"/admin/users/{mina}/lock", headers=nora)
    await admin.post(f"/admin/users/{mina}/unlock", headers=nora)
    minas = bearer(await sign_in(api))
    for path in ("/activity", "/activity/export?format=json", "/account/export"):
        said = (await api.get(path, headers=minas)).text
        assert "account_locked" in said
        assert "192.0.2.77" not in said
        assert "administrator:" not in said


_BEFORE_TIME, _AFTER_TIME = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (path, {name: value})
        for path in ("/activity", "/activity/export", "/admin/audit", "/admin/audit/export")
        for name, value in (("since", _BEFORE_TIME), ("until", _AFTER_TIME), ("since", "9" * 400))
    ]
    + [
        (path, {"limit": value})
        for path in ("/activity", "/admin/audit", "/admin/users")
        for value in ("9" * 30, "-9223372036854775809", "1e400", "NaN")
    ]
    + [("/admin/statistics", {"days": "9" * 30})],
)
async def test_a_moment_or_number_that_is_out_of_reach_is_the_askers_mistake(
    api: AsyncClient, nora: dict[str, str], path: str, query: dict[str, str]
) -> None:
    response = await api.get(path, params=query, headers=nora)
    assert response.status_code == 422, response.text


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/admin/users", {"email": "mi\0na"}),
        ("/admin/users", {"after": "mi\0na"}),
        ("/admin/audit", {"person": "mi\0na"}),
        ("/admin/audit", {"ip": "203.0.113.7\0"}),
        ("/admin/audit", {"kind": "login\0"}),
        ("/admin/users", {"email": "%\\_"}),
        ("/activity", {"since": "0001-01-01T00:00:00Z"}),
        ("/admin/audit", {"until": "9999-12-31T23:59:59Z"}),
    ],
)
async def test_nothing_that_is_searched_for_breaks_a_list(
    api: AsyncClient, nora: dict[str, str], path: str, query: dict[str, str]
) -> None:
    response = await api.get(path, params=query, headers=nora)
    assert response.status_code in (200, 400, 422), response.text
