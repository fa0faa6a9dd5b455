"""What an attacker can do who talks to the server without our pages."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import expect
from simple_websocket import ConnectionClosed

from tests.journeys.conftest import Visit
from tests.journeys.forged_socket import (
    ACCOUNT,
    CHANGE_EMAIL,
    DASHBOARD,
    REGISTER,
    ROOT_STATE,
    SECURITY,
    SIGN_IN,
    VERIFY_EMAIL,
    forged,
    socket_path,
)
from tests.journeys.person import Person, at_overview
from tests.support.browser.visitor import DESKTOP, Visitor, unique_address
from tests.support.servers.live_server import LiveServer, asks

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
TAB = "b7c2545f-309a-41d4-94e1-d1f2a9c0b3e4"
PRIVATE = ("@", "Signed in", "198.18.", "Account created")


def cookie_of(server: LiveServer, person: Person) -> str:
    """Sign in without a page and return the Cookie header."""
    answer = asks.post(
        f"{server.base_url}/session/sign-in",
        data={"email": person.email, "password": person.password},
        headers={"Origin": server.base_url, "X-Forwarded-For": unique_address()},
    )
    cookie = answer.cookies["autograph_session"]
    server.secrets.add(cookie)
    return f"autograph_session={cookie}"


async def browser_of(visitor: Visitor) -> str:
    """Return the secret of the visitor's browser, by which its tabs are found."""
    return str((await visitor.cookie("autograph_browser"))["value"])


def status_of(url: str, headers: dict[str, str]) -> int:
    """Return the status of a GET; the body, or the websocket, is ignored."""
    with httpx.stream("GET", url, headers=headers) as answer:
        return answer.status_code


async def tab_of(visitor: Visitor) -> str:
    """Return the name that Reflex gave to the visitor's tab."""
    return str(await visitor.page.evaluate("() => sessionStorage.getItem('token')"))


def told(socket_heard: str) -> str:
    """Return what the server sent about the pages, without the client's own headers that it echoes."""
    frames = [line.partition(",")[2] for line in socket_heard.splitlines() if line.startswith("42/_event,")]
    return "\n".join(
        f"{state} {name} {value}"
        for event, body in map(json.loads, frames)
        if event == "event"
        for state, values in body.get("delta", {}).items()
        for name, value in values.items()
        if not name.startswith("rx_router")
    )


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://localhost", "http://localhost.evil.example:{port}"],
)
async def test_only_our_pages_may_connect(brittle_server: LiveServer, origin: str | None) -> None:
    headers = UPGRADE | ({"Origin": origin.format(port=brittle_server.port)} if origin else {})
    assert status_of(brittle_server.base_url + socket_path(str(uuid4())), headers) == 403
    assert status_of(f"{brittle_server.base_url}/_event/?EIO=4&transport=polling", headers) in (400, 403)


async def test_our_own_origin_may(brittle_server: LiveServer) -> None:
    headers = UPGRADE | {"Origin": brittle_server.base_url}
    assert status_of(brittle_server.base_url + socket_path(str(uuid4())), headers) == 101


async def test_without_a_cookie_no_handler_tells_anything(brittle_server: LiveServer) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/dashboard")
        for handler in ("load", "sign_out_everywhere", "_fill", "_leave_for"):
            await socket.call(f"{DASHBOARD}.{handler}", {"path": "/dashboard"})
        heard = told(await socket.settle())
    assert "leave_rx_state_ /login?ended=1&next=/dashboard" in heard
    assert not [word for word in PRIVATE if word in heard]


async def test_without_a_cookie_no_protection_comes_off(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await person.come_in(victim)
    await victim.open("/settings/security")
    await victim.page.get_by_role("button", name="Turn on", exact=True).click()
    await expect(victim.page.locator("[data-revealed=shown]")).to_be_visible()
    key = await victim.page.locator("[data-slot=key]").inner_text()
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    for token in (tab, ""):
        async with forged(brittle_server.base_url, token=token, browser=browser) as socket:
            for handler in (
                "reveal_again",
                "make_codes",
                "turn_off",
                "load",
                "done",
                "cancel",
                "_made_codes",
            ):
                await socket.call(f"{SECURITY}.{handler}", {}, "/settings/security")
            for intent in ("turn-on", "replace", "new-codes", "turn-off", "x", 7, None, ["turn-on"]):
                await socket.call(f"{SECURITY}.ask", {"intent": intent}, "/settings/security")
            await socket.call(f"{SECURITY}.enable", {"form": {"code": "123456"}}, "/settings/security")
            await socket.call(f"{SECURITY}.distrust", {"device": "x"}, "/settings/security")
            heard = told(await socket.settle())
        assert not [word for word in (*PRIVATE, key, key.replace(" ", "")) if word in heard]
        assert not [line for line in heard.splitlines() if " reveal_rx_state_ " in line and line[-1] != " "]


async def test_without_a_cookie_nobody_changes_or_deletes_an_account(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await person.come_in(victim)
    await victim.open("/settings/account")
    await victim.page.get_by_role("button", name="Delete account").click()
    await expect(victim.page.locator("#step-title")).to_be_focused()
    tab, browser = await tab_of(victim), await browser_of(victim)
    await victim.page.close()
    passwords = {"current_password": person.password, "new_password": "basalt teapot nineteen lanterns"}
    for token in (tab, ""):
        async with forged(brittle_server.base_url, token=token, browser=browser) as socket:
            for handler in ("load", "resend", "cancel", "_fill", "_leave_for", "_deleted", "_step_back"):
                await socket.call(f"{ACCOUNT}.{handler}", {}, "/settings/account")
            for intent in ("delete", "change-email", "x", 7, None, ["delete"]):
                await socket.call(f"{ACCOUNT}.ask", {"intent": intent}, "/settings/account")
            for form in ({"confirm_email": person.email}, {"email": "thief@northwind.dev"}, *NONSENSE):
                for handler in ("delete", "change_email", "confirm"):
                    await socket.call(f"{ACCOUNT}.{handler}", {"form": form}, "/settings/account")
            await socket.call(f"{SECURITY}.ask", {"intent": "change-password"}, "/settings/security")
            for form in (passwords, *NONSENSE):
                await socket.call(f"{SECURITY}.change_password", {"form": form}, "/settings/security")
            heard = told(await socket.settle())
        assert not [word for word in PRIVATE if word in heard.replace("thief@northwind.dev", "")]
    await person.come_back(victim)


async def test_a_stranger_verifies_and_moves_nothing(brittle_server: LiveServer) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/verify-email")
        for state, path in ((VERIFY_EMAIL, "/verify-email"), (CHANGE_EMAIL, "/change-email")):
            for handler in ("load", "_verify", "_read_link", "_current_scope", "_show_sent", "_resend"):
                await socket.call(f"{state}.{handler}", {"user_id": "x"}, path)
        for nonsense in NONSENSE:
            await socket.call(f"{VERIFY_EMAIL}.send", {"form": nonsense}, "/verify-email")
        heard = told(await socket.settle())
    assert "Signed in" not in heard
    assert "outcome_rx_state_ verified" not in heard
    assert brittle_server.is_ready()


async def test_vars_set_from_outside_open_nothing(brittle_server: LiveServer, person: Person) -> None:
    person.join(brittle_server)
    forged_vars = {"loaded_rx_state_": True, "email_rx_state_": person.email, "_scope": "x"}
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/dashboard")
        for name in ("reflex___state____update_vars_internal_state.update_vars_internal", "set_state"):
            await socket.call(
                f"{ROOT_STATE}.{name}",
                {"vars": {f"{DASHBOARD}.{key}": value for key, value in forged_vars.items()}},
            )
        await socket.call(f"{DASHBOARD}.set_email", {"value": person.email})
        await socket.call(f"{DASHBOARD}.load")
        heard = told(await socket.settle())
    assert person.email not in heard
    assert not [word for word in PRIVATE if word in heard]


async def test_a_cookie_opens_its_own_account_only(
    brittle_server: LiveServer, visit: Visit, person: Person, new_person: Callable[[], Person]
) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await person.come_in(victim)
    await victim.open("/dashboard")
    tab, browser, thief = await tab_of(victim), await browser_of(victim), new_person()
    thief.join(brittle_server)
    cookie = cookie_of(brittle_server, thief)

    # While the tab is open its name is taken; once it is closed its state is available to the next client
    # with that name.
    for _ in ("open", "closed"):
        async with forged(brittle_server.base_url, token=tab, browser=browser, cookie=cookie) as socket:
            await socket.hydrate("/dashboard")
            await socket.call(f"{DASHBOARD}.load", token=tab)
            await socket.until(thief.email)
            assert person.email not in await socket.settle()
        async with forged(brittle_server.base_url, token=tab, browser=browser) as socket:
            await socket.hydrate("/dashboard")
            await socket.call(f"{DASHBOARD}.load", token=tab)
            heard = told(await socket.settle())
            assert not [word for word in PRIVATE if word in heard]
            assert person.email not in socket.heard
        await victim.page.goto("about:blank")
    await victim.open("/dashboard")
    await expect(victim.page.locator("#account-email")).to_have_text(person.email)


async def test_somebody_elses_tab_is_left_alone(
    brittle_server: LiveServer, visit: Visit, person: Person
) -> None:
    victim = await visit(DESKTOP, brittle_server)
    await person.come_in(victim)
    await victim.open("/dashboard")
    tab, browser = await tab_of(victim), await browser_of(victim)
    async with forged(brittle_server.base_url, token=tab, browser=browser) as socket:
        for handler in ("sign_out_everywhere", "load", "reset"):
            await socket.call(f"{DASHBOARD}.{handler}", token=tab)
        await socket.settle()
    await expect(victim.page.locator("#account-email")).to_have_text(person.email)
    await victim.at("/dashboard")
    await victim.page.reload()
    await at_overview(victim)


@pytest.mark.parametrize("first_is_open", [True, False], ids=["open", "closed"])
async def test_a_stolen_tab_in_another_browser_shows_nothing(
    visit: Visit, person: Person, first_is_open: bool
) -> None:
    victim, thief = await visit(), await visit()
    await person.come_in(victim)
    await victim.open("/dashboard")
    tab = await tab_of(victim)
    if not first_is_open:
        await victim.page.close()
    heard: list[str] = []
    thief.own_page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame)))
    )
    await thief.own_page.add_init_script(
        f"sessionStorage.getItem('token') ?? sessionStorage.setItem('token', '{tab}')"
    )
    for path in ("/login", "/dashboard", "/settings/security", "/settings/account", "/register"):
        await thief.open(path)
    assert heard
    assert person.email not in "".join(heard)
    assert person.email not in await thief.page.content()


async def test_the_cookie_never_comes_back_over_the_socket(visit: Visit, person: Person) -> None:
    visitor = await visit()
    await person.come_in(visitor)
    heard: list[str] = []
    visitor.own_page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame)))
    )
    await visitor.open("/dashboard")
    await at_overview(visitor)
    cookie = await visitor.cookie("autograph_session")
    assert heard
    assert cookie["value"] not in "".join(heard)
    assert cookie["value"] not in await visitor.page.content()


NONSENSE: tuple[Any, ...] = (
    None,
    7,
    "text",
    [],
    {},
    {"email": None, "password": None},
    {"email": 7, "password": {"a": 1}},
    {"email": ["a@b.example"], "password": "gravel harbour"},
    {"email": "a@b.example\0", "password": "\0" * 50},
    {"email": "a" * 5000, "password": "b" * 5000},
    {"email": "\ud800", "password": "\udfff gravel harbour violins"},
    {"__reflex_form_data__": [["email", "x"], 7]},
)


@pytest.mark.parametrize("state", [SIGN_IN, REGISTER], ids=["sign in", "register"])
async def test_nonsense_in_a_form_is_refused_calmly(brittle_server: LiveServer, state: str) -> None:
    path = "/login" if state == SIGN_IN else "/register"
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate(path)
        for nonsense in NONSENSE:
            await socket.call(f"{state}.submit", {"form": nonsense}, path)
            await socket.settle()
        await socket.call(f"{state}.submit", {"form": {"email": "", "password": "x"}}, path)
        await socket.until("Enter your email.")
        assert "ticket_rx_state_ ey" not in told(socket.heard)
    assert brittle_server.is_ready()


async def test_nonsense_in_the_meter_is_ignored(brittle_server: LiveServer) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/register")
        for nonsense in (*NONSENSE, "\0", "x" * 20_000, "\ud800"):
            await socket.call(f"{REGISTER}.note_email", {"email": nonsense}, "/register")
            await socket.call(f"{REGISTER}.assess", {"password": nonsense, "answers": nonsense}, "/register")
        await socket.call(
            f"{REGISTER}.assess", {"password": "ink on graph paper and more", "answers": 0}, "/register"
        )
        await socket.until('"Strong"')


async def test_a_judgement_that_comes_late_does_not_take_a_refusal_away(brittle_server: LiveServer) -> None:
    typed = {"password": "ink on graph paper and more"}
    refused, cleared = '"bad_rx_state_":"password"', '"bad_rx_state_":""'
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/register")
        form = {"email": "mina@northwind.dev", "password": "kettle"}
        await socket.call(f"{REGISTER}.submit", {"form": form}, "/register")
        await socket.until(refused)
        await socket.call(f"{REGISTER}.assess", {**typed, "answers": 0}, "/register")
        await socket.until('"Strong"')
        assert cleared not in socket.heard.partition(refused)[2]
        await socket.call(f"{REGISTER}.assess", {"password": "", "answers": 1}, "/register")
        await socket.call(f"{REGISTER}.assess", {**typed, "answers": 1}, "/register")
        assert cleared in (await socket.settle()).partition(refused)[2]


async def test_a_page_of_an_older_version_betrays_no_password(brittle_server: LiveServer) -> None:
    secret = f"heron {uuid4()}"
    form = {"__reflex_form_data__": [["email", "mina@northwind.dev"], ["password", secret]]}
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/login")
        for handler in (f"{SIGN_IN}.submit_as_it_was_called", f"{ROOT_STATE}.another_state.submit", "submit"):
            await socket.call(handler, {"form": form}, "/login")
            await socket.call(handler, {"password": secret}, "/login")
        await socket.settle()
    assert secret not in brittle_server.log


async def test_what_no_page_offers_does_nothing(brittle_server: LiveServer) -> None:
    secret = f"very private {uuid4()}"
    brittle_server.secrets.add(secret)
    inner = (
        "reset",
        "get_state",
        "dict",
        "setvar",
        "_get_state_from_redis",
        "__init__",
        "get_full_name",
        "_clean",
    )
    heard = ""
    for state in (ROOT_STATE, DASHBOARD, SIGN_IN, REGISTER, f"{ROOT_STATE}.nobody", ""):
        async with forged(brittle_server.base_url) as socket:
            await socket.hydrate("/dashboard")
            for method in (*inner, "submit", "load", "no_such_handler", "load.__globals__"):
                await socket.call(f"{state}.{method}", {"password": secret, "args": [1], "path": 7})
            await socket.emit("client_error", {"error_type": "x" * 10_000, "message": "line\nline"})
            heard += told(await socket.settle())
    for event, payload in (
        *(("event", payload) for payload in (*NONSENSE, {"name": 7}, {"name": "x", "payload": "y"})),
        *(("nothing of the kind", {"a": 1}), ("connect", {"QUERY_STRING": "token=x"}), ("disconnect", "x")),
    ):
        async with forged(brittle_server.base_url) as socket:
            await socket.emit(event, payload)
            assert await socket.is_closed(), payload
    assert not [word for word in PRIVATE if word in heard]
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/login")
    brittle_server.check_secrets()


@pytest.mark.parametrize(
    "frame",
    [
        "42/_event,[",
        "99",
        '42/elsewhere,["event"]',
        "4" * 100,
        '451-/_event,["event",{"_placeholder":true,"num":0}]',
    ],
)
async def test_broken_frames_hurt_only_who_sends_them(brittle_server: LiveServer, frame: str) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.say(frame)
        async with forged(brittle_server.base_url) as other:
            await other.hydrate("/login")


async def test_a_pattern_that_takes_quadratic_time_is_never_reached(brittle_server: LiveServer) -> None:
    info = 'TypeError: can\'t access property "", ' * 1400
    errors = f"{ROOT_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception"
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/login")
        began = time.monotonic()
        await socket.call(errors, {"info": info, "component_stack": ""})
        await socket.settle()
    assert time.monotonic() - began < 3  # it once took half a minute


async def test_whoever_calls_what_no_page_calls_is_disconnected_in_one_line(
    brittle_server: LiveServer,
) -> None:
    before = len(brittle_server.log)
    for _ in range(3):
        async with forged(brittle_server.base_url) as socket:
            await socket.hydrate("/login")
            for number in range(40):
                await socket.call(f"{ROOT_STATE}.nobody{number}", {"form": "x" * 5000}, "/login")
            assert await socket.is_closed()
    lines = [line for line in brittle_server.log[before:].splitlines() if "websocket_refused" in line]
    assert "reason='unknown_event'" in brittle_server.log
    # each worker logs it once in ten seconds
    assert len([line for line in lines if "reason='unknown_event'" in line]) <= 6
    assert all(len(line) < 500 for line in lines)
    assert "Traceback" not in brittle_server.log[before:]


async def test_who_sends_events_without_end_is_disconnected(brittle_server: LiveServer) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.hydrate("/login")
        with suppress(ConnectionClosed):
            for _ in range(400):
                await socket.call(f"{SIGN_IN}.note_email", {"email": "a@b.example"}, "/login")
        assert await socket.is_closed()
    assert brittle_server.is_ready()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "token=",
        "token=mina",
        f"token={TAB}x",
        f"token={TAB}&token={TAB}",
        f"token={TAB.upper()}",
        "token=" + "a" * 60_000,
        f"token={TAB}&more=" + "a" * 1000,
    ],
    ids=lambda query: query[:30],
)
async def test_a_tab_is_named_by_a_uuid_alone(brittle_server: LiveServer, query: str) -> None:
    headers = UPGRADE | {"Origin": brittle_server.base_url}
    url = f"{brittle_server.base_url}/_event/?EIO=4&transport=websocket&{query}"
    assert status_of(url, headers) in (403, 414, 431)


async def test_too_much_at_once_is_cut_off(brittle_server: LiveServer) -> None:
    async with forged(brittle_server.base_url) as socket:
        await socket.say("42/_event," + json.dumps(["event", {"name": "x" * 3_000_000}]))
        assert await socket.is_closed()
    assert brittle_server.is_ready()
