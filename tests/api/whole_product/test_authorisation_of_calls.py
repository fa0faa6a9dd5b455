"""The authorisation table (support/product/authorisation.py), applied to REST, the forms and the pages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import make_url

from autograph_web.accounts.store import USERS
from autograph_web.container import Services
from autograph_web.front import build_front
from autograph_web.frontend import PageInfo
from tests.support.clients.authenticator import Authenticator
from tests.support.clients.http import cookies_set, sign_in, sign_up
from tests.support.product.authorisation import (
    CALLS,
    EXPECTED,
    FORMS,
    PAGES,
    May,
    Outcome,
    Role,
    Row,
    Scene,
    Watch,
    filled,
    in_turn,
)
from tests.support.product.errors import all_errors
from tests.support.services.app import ORIGIN, Connect, inner_app
from tests.support.services.clock import FakeClock
from tests.support.services.factories import PASSWORD

_PATH_NAMES = {"session_id": "session", "device_id": "device", "key_id": "key", "user_id": "user"}
_OWNERS_IP = "192.0.2.55"
_SECRET = "what nobody else may read"

pytestmark = pytest.mark.parametrize("settings_changes", [{"email_verification": "banner"}], ids=["banner"])


@dataclass(frozen=True)
class Caller:
    """A caller with a session of each kind; with none if there is neither token nor cookie."""

    client: AsyncClient
    id: str = ""
    email: str = ""
    token: str = ""
    cookie: str = ""

    async def call(self, call: str, given: Mapping[str, Any], owned: Mapping[str, str]) -> Response:
        """Make a REST call with the access token."""
        method, path = call.split()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body: dict[str, Any] = {"data" if path == "/token" else "json": filled(given, owned)} if given else {}
        return await self.client.request(method, _address(path, owned), headers=headers, **body)

    async def post(self, call: str, given: Mapping[str, Any], owned: Mapping[str, str]) -> Response:
        """Send a form with the cookie."""
        method, path = call.split()
        headers = {"Origin": ORIGIN, "Accept": "text/html"}
        if self.cookie:
            headers["Cookie"] = f"autograph_session={self.cookie}"
        fields: dict[str, Any] = {"data": filled(given, owned) or {"sent": "1"}} if method == "POST" else {}
        return await self.client.request(method, _address(path, owned), headers=headers, **fields)


def _address(path: str, owned: Mapping[str, str]) -> str:
    return path.format_map(
        {name: owned.get(own, "x") for name, own in _PATH_NAMES.items()}
        | {"letter_id": "x", "name": "trusted_devices"}
    )


class People:
    """The callers of a row, and what belongs to the owner."""

    def __init__(self, services: Services, connect: Connect, clock: FakeClock) -> None:
        self._services, self._connect, self._clock = services, connect, clock
        self.callers: dict[Role, Caller] = {}
        self.owned: dict[str, Any] = {}

    async def gather(self, row: Row) -> None:
        """Create them."""
        owner, paper = await self._join("owner", _OWNERS_IP), list[str]()
        await self._collect(owner)
        if row.scene is Scene.TWO_STEP:
            owner, paper = await self._with_two_steps(owner)
        admin = await self._join("admin", "192.0.2.3", role="admin")
        ended = await (self._signed_in(admin) if row.may is May.ADMIN else self._signed_in(owner, paper))
        assert (await ended.call("POST /logout", {}, {})).status_code == 200
        await ended.post("POST /session/end", {}, {})
        self.callers = {
            Role.ANONYMOUS: Caller(self._connect(ip="192.0.2.4")),
            Role.ENDED: ended,
            Role.OTHER: await self._join("other", "192.0.2.5"),
            Role.ADMIN: admin,
            Role.OWNER: owner,
        }

    async def leave_note(self) -> None:
        """Store a one-time secret for the owner; a caller that requests it uses it up."""
        self.owned["note"] = await self._services.one_time_secrets.put(
            UUID(self.owned["user"]), {"key": _SECRET}
        )

    async def _join(self, name: str, ip: str, role: str = "user") -> Caller:
        caller = Caller(self._connect(ip=ip), email=f"{name}@matrix.example")
        account = await sign_up(caller.client, caller.email)
        async with self._services.database.unit() as connection:
            theirs = USERS.update().where(USERS.c.id == UUID(account["id"]))
            await connection.execute(theirs.values(role=role))
        return await self._signed_in(replace(caller, id=account["id"]))

    async def _signed_in(self, caller: Caller, paper: list[str] | None = None) -> Caller:
        """Return `caller` with two new sessions: one by tokens, one by a cookie."""
        client, email = caller.client, caller.email
        tokens = await sign_in(client, email)
        if paper:
            shown = {"email": email, "code": paper.pop(), "mfa_token": tokens["mfa_token"]}
            tokens = (await client.post("/mfa/verify", json=shown)).json()
        typed = {"email": email, "password": PASSWORD}
        answer = await client.post("/session/sign-in", data=typed, headers={"Origin": ORIGIN})
        if paper:
            shown = {"code": paper.pop(), "trust_device": "on"}
            answer = await client.post("/session/verify", data=shown, headers={"Origin": ORIGIN})
        client.cookies.clear()
        cookie = cookies_set(answer)["autograph_session"].value
        return replace(caller, token=tokens["access_token"], cookie=cookie)

    async def _with_two_steps(self, owner: Caller) -> tuple[Caller, list[str]]:
        setup = await owner.call("POST /mfa/setup", {}, {})
        code = Authenticator.open(setup.json()["provisioning_uri"]).code(self._clock.seconds())
        enabled = await owner.call("POST /mfa/enable", {"code": code}, {})
        paper: list[str] = enabled.json()["recovery_codes"]
        owner = await self._signed_in(owner, paper)
        [device] = (await owner.call("GET /mfa/trusted-devices", {}, {})).json()
        self.owned["device"] = device["id"]
        return owner, paper

    async def _collect(self, owner: Caller) -> None:
        data: dict[str, Any] = {"name": f"Key {uuid4().hex[:12]}", "scopes": ["read"]}
        key = (await owner.call("POST /api-keys", data, {})).json()
        own = {one["id"] for one in (await owner.call("GET /sessions", {}, {})).json()}
        await self._signed_in(owner)
        sessions = (await owner.call("GET /sessions", {}, {})).json()
        self.owned = {
            "email": owner.email,
            "user": owner.id,
            "ip": _OWNERS_IP,
            "key": key["id"],
            "key_name": data["name"],
            "session": next(one["id"] for one in sessions if one["id"] not in own),
            "secret": _SECRET,
            "link": "x" * 43,
        }


@pytest.fixture
def people(services: Services, connect: Connect, clock: FakeClock) -> People:
    """The people of a row, not created yet."""
    return People(services, connect, clock)


@pytest.fixture
def database(services: Services) -> Path:
    """The file of the services' database."""
    return Path(make_url(services.settings.database_url).database or "")


@pytest.mark.parametrize("call", [*CALLS, *FORMS])
async def test_each_role_gets_what_it_may_expect(
    people: People, services: Services, database: Path, call: str
) -> None:
    row = (CALLS | FORMS)[call]
    await people.gather(row)
    shows = {May.NOBODY: None, May.ADMIN: Role.ADMIN}.get(row.may, Role.OWNER)
    for role in in_turn(row.may):
        caller = people.callers[role]
        make = caller.call if call in CALLS else caller.post
        await people.leave_note()
        for name, given in row.first:
            await make(name, given, people.owned)
        watch = Watch(database)
        answer = await make(call, row.sends, people.owned)
        try:
            if EXPECTED[row.may][role] is Outcome.REFUSED:
                assert await is_refused(services, answer)
            watch.judge(
                row,
                role,
                people.owned,
                caller_id=caller.id.replace("-", ""),
                heard=answer.text,
                shows=role is shows,
            )
        except AssertionError as error:
            error.add_note(f"{call} by {role.name}: {EXPECTED[row.may][role]}; answered with {answer}")
            raise


async def is_refused(services: Services, answer: Response) -> bool:
    """Return True if a response is a refusal: by its status, or by the message of the page it leads to."""
    if answer.status_code != 303:
        # What is not one of our calls is passed on to the pages, none of which has that name.
        return answer.status_code in (401, 403, 404) or answer.text == f"page {answer.url.path}"
    flash = await services.flash.pop(cookies_set(answer)["autograph_flash"].value)
    return flash is not None and flash.code in all_errors()


async def test_a_page_is_sent_to_whom_it_is_for(people: People, services: Services) -> None:
    await people.gather(Row(May.OWNER))
    files = {f"{path.strip('/') or 'index'}.html": path for path in PAGES}
    front = build_front(inner_app, {name: PageInfo(name, ()) for name in files})
    async with AsyncClient(transport=ASGITransport(front), base_url=services.settings.base_url) as client:
        for path, may in PAGES.items():
            for role, caller in people.callers.items():
                cookie = {"Cookie": f"autograph_session={caller.cookie}"} if caller.cookie else {}
                answer = await client.get(path, headers={"Accept": "text/html", **cookie})
                sent = answer.text.startswith("page ")
                assert sent is (EXPECTED[may][role] is not Outcome.REFUSED), f"{path} to {role.name}"
                assert sent or answer.status_code in (303, 403, 404)
                client.cookies.clear()
