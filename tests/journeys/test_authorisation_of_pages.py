"""The authorisation table (support/product/authorisation.py), tested on a running server's handlers.

Every caller has all but the right session: the owner's own tab, at the step where the handler acts, and
arguments that name what belongs to the owner.
"""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import pytest

from autograph_web.ui.routes import PROTECTED_PATHS
from tests.journeys.forged_socket import ForgedSocket, forged
from tests.journeys.operators import give_role
from tests.journeys.test_forged_events import told
from tests.support.browser.visitor import unique_address
from tests.support.clients.authenticator import Authenticator
from tests.support.product.authorisation import (
    EXPECTED,
    HANDLER_ROWS,
    HANDLERS,
    REFLEX_PATHS,
    REFLEX_STATE,
    Given,
    May,
    Role,
    Row,
    Scene,
    Watch,
    filled,
    handlers,
    in_turn,
)
from tests.support.servers.live_server import LiveServer

_PASSWORD = "gravel harbour thirteen violins"
_MORE_THAN_A_PAGE = 45
_numbers = count(1)


@pytest.mark.parametrize("path", sorted(set(REFLEX_PATHS) - {"/_event"}))
async def test_what_else_reflex_serves_tells_nothing(brittle_server: LiveServer, path: str) -> None:
    async with httpx.AsyncClient(base_url=brittle_server.base_url, verify=False) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("name", [name for name in HANDLER_ROWS if not name.endswith(tuple(REFLEX_STATE))])
async def test_each_role_gets_what_it_may_expect(brittle_server: LiveServer, name: str) -> None:
    await Trial(brittle_server, name, set_up(brittle_server, HANDLER_ROWS[name])).check()


async def test_what_reflex_gives_to_every_state_does_nothing(brittle_server: LiveServer) -> None:
    people = set_up(brittle_server, Row(May.NOBODY))
    for name in HANDLER_ROWS:
        if name.endswith(tuple(REFLEX_STATE)):
            await Trial(brittle_server, name, people).check()


@dataclass(frozen=True)
class Caller:
    """A caller with a session; without one if `cookie` is empty."""

    id: str = ""
    email: str = ""
    cookie: str = ""


class Door:
    """The server, as used without a page by a client with its own address."""

    def __init__(self, server: LiveServer) -> None:
        self.server, self.address = server, unique_address()
        headers = {"Origin": server.base_url, "X-Forwarded-For": self.address}
        self._client = httpx.Client(base_url=server.base_url, headers=headers, verify=False)
        server.secrets.add(_PASSWORD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, cookie: str = "", **more: Any) -> Any:
        """Make a call that succeeds, and return its response."""
        answer = self._client.request(method, path, headers={"Cookie": cookie} if cookie else {}, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def join(self, name: str, role: str = "user") -> Caller:
        """Create an account and sign in to it; `role` is set in the database, as an operator could."""
        email = f"{name}.{next(_numbers)}@matrix.example"
        made = self.ask("POST", "/register", json={"email": email, "password": _PASSWORD})
        if role != "user":
            give_role(self.server, email, role)
        return Caller(UUID(made["id"]).hex, email, self.sign_in(email))

    def sign_in(self, email: str, code: str = "") -> str:
        """Sign in by the native forms, and return the Cookie header of the session alone."""
        self._client.post("/session/sign-in", data={"email": email, "password": _PASSWORD})
        if code:
            self._client.post("/session/verify", data={"code": code, "trust_device": "on"})
        cookie = self._client.cookies["autograph_session"]
        self._client.cookies.clear()
        self.server.secrets.add(cookie)
        return f"autograph_session={cookie}"

    def sign_out(self, cookie: str) -> None:
        """End a session."""
        answer = self._client.post("/session/end", data={"from": "here"}, headers={"Cookie": cookie})
        assert answer.headers["location"] == "/login"


@dataclass(frozen=True)
class People:
    """The people of a row: the callers, what belongs to the owner, and the user whose page they call."""

    callers: Mapping[Role, Caller]
    owned: Mapping[str, str]
    holder: Caller


def set_up(server: LiveServer, row: Row) -> People:
    """Create the people of a row."""
    with Door(server) as door, Door(server) as elsewhere, Door(server) as office:
        admin, shown = office.join("admin", "admin"), ""
        if row.may is May.ADMIN and row.scene is Scene.STALE:
            shown = _turn_two_steps_on(office, admin)[1]["code"]
            owner, owned = _new_owner(door, Scene.PLAIN)
        else:
            owner, owned = _new_owner(door, row.scene)
        at, holder = (office, admin) if row.may is May.ADMIN else (door, owner)
        ended = at.sign_in(holder.email, owned["code"] if holder is owner else shown)
        at.sign_out(ended)
        callers = {
            Role.ANONYMOUS: Caller(),
            Role.ENDED: replace(holder, cookie=ended),
            Role.OTHER: elsewhere.join("other"),
            Role.ADMIN: admin,
            Role.OWNER: owner,
        }
    return People(callers, owned, holder)


def _new_owner(door: Door, scene: Scene) -> tuple[Caller, dict[str, str]]:
    owner, name = door.join("owner"), f"Key {uuid4().hex[:12]}"
    key = door.ask("POST", "/api-keys", owner.cookie, json={"name": name, "scopes": ["read"]})
    door.sign_in(owner.email)
    sessions = door.ask("GET", "/sessions", owner.cookie)
    owned = {
        "email": owner.email,
        "user": str(UUID(owner.id)),
        "ip": door.address,
        "key": key["id"],
        "key_name": name,
        "session": next(one["id"] for one in sessions if not one["current"]),
        "code": "",
    }
    if scene is Scene.BUSY:
        _fill_up(door.server, owner)
    if scene in (Scene.TWO_STEP, Scene.STALE):
        cookie, more = _turn_two_steps_on(door, owner)
        return (owner if scene is Scene.STALE else replace(owner, cookie=cookie)), owned | more
    return owner, owned


def _turn_two_steps_on(door: Door, owner: Caller) -> tuple[str, dict[str, str]]:
    setup = door.ask("POST", "/mfa/setup", owner.cookie)
    code = Authenticator.open(setup["provisioning_uri"]).code(int(time.time()))
    paper = door.ask("POST", "/mfa/enable", owner.cookie, json={"code": code})["recovery_codes"]
    cookie = door.sign_in(owner.email, paper[0])
    [device] = door.ask("GET", "/mfa/trusted-devices", cookie)
    return cookie, {"device": device["id"], "code": paper[1]}


def _fill_up(server: LiveServer, owner: Caller) -> None:
    """Add copies of one event of the owner, and of the owner's account."""
    with closing(sqlite3.connect(server.database, timeout=10)) as connection, connection:
        for number in range(_MORE_THAN_A_PAGE):
            _copy(connection, "audit_log", "user_id = ? LIMIT 1", owner.id)
            new = {"id": uuid4().hex, "email": f"crowd.{number}.{owner.email}"}
            _copy(connection, "users", "id = ?", owner.id, new | {"email_key": new["email"]})


def _copy(
    connection: sqlite3.Connection, table: str, where: str, whose: str, new: Given | None = None
) -> None:
    """Add a copy of the row that `where` finds, with `new` values; events are numbered automatically."""
    new = new or {}
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    kept = [name for name in names if name not in new and (new or name != "id")]
    columns, marks = ", ".join((*kept, *new)), ", ".join((*kept, *("?" for _ in new)))
    copy = f"INSERT INTO {table} ({columns}) SELECT {marks} FROM {table} WHERE {where}"  # noqa: S608
    connection.execute(copy, (*new.values(), whose))


class Trial:
    """One row of the table, and its test."""

    def __init__(self, server: LiveServer, name: str, people: People) -> None:
        page = HANDLERS[name.partition(".")[0]]
        self._row, self._handler = HANDLER_ROWS[name], handlers()[name]
        self._server, self._people = server, people
        # Where nothing is private, every caller uses a tab of their own.
        self._private = page.path in PROTECTED_PATHS
        query = filled(page.query, people.owned), f"then={self._row.then}" if self._row.then else ""
        self._query = page.query
        self._path = "?".join(part for part in (page.path, "&".join(filter(None, query))) if part)
        self._shows = {
            May.EVERYBODY: Role.OWNER if self._private else Role.ANONYMOUS,
            May.OWNER: Role.OWNER,
            May.ADMIN: Role.ADMIN,
        }.get(self._row.may)

    async def check(self) -> None:
        """Try the row as every role."""
        for role in in_turn(self._row.may):
            try:
                await self._try(role)
            except AssertionError as error:
                error.add_note(f"{self._handler} by {role.name}: {EXPECTED[self._row.may][role]}")
                raise

    async def _try(self, role: Role) -> None:
        tab, caller = str(uuid4()), self._people.callers[role]
        holder = self._people.holder if self._private else caller
        async with forged(self._server.base_url, token=tab, cookie=holder.cookie) as socket:
            await socket.hydrate(self._path)
            for name, given in self._row.first:
                await self._call(socket, f"{self._handler.rpartition('.')[0]}.{name}", given)
            await socket.settle()
            if caller == holder:
                await self._act(socket, role)
                return
        async with forged(self._server.base_url, token=tab, cookie=caller.cookie) as socket:
            await self._act(socket, role)

    async def _act(self, socket: ForgedSocket, role: Role) -> None:
        watch, begin = Watch(self._server.database), len(socket.heard)
        await self._call(socket, self._handler, self._row.sends)
        heard, shows = (await socket.settle())[begin:], role is self._shows
        watch.judge(
            self._row,
            role,
            self._people.owned,
            caller_id=self._people.callers[role].id,
            heard=told(heard) if shows else heard,
            shows=shows,
            address=self._query,
        )

    async def _call(self, socket: ForgedSocket, handler: str, given: Mapping[str, Any]) -> None:
        await socket.call(handler, filled(given, self._people.owned), self._path)
