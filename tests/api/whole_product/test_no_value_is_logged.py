"""Whatever a client sends and however it fails, no value or field name of it is in the log, at any level.

Every REST call and every form of the pages receives the same word in every possible position.
"""

import io
import logging
import re
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from email_validator import validate_email
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from autograph_web.admin.roles import Role
from autograph_web.api.app import build_api
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.container import Services
from autograph_web.front import build_front
from autograph_web.http.account_forms import ACCOUNT_FORMS
from autograph_web.http.email_forms import EMAIL_FORMS
from autograph_web.http.forms import FORMS
from autograph_web.http.link_forms import LINK_FORMS
from autograph_web.http.recovery_forms import RECOVERY_FORMS
from autograph_web.runtime import services as services_of_process
from tests.support.runner.logging_setup import captured_log
from tests.support.services.app import PAGES, Connect, inner_app
from tests.support.services.factories import open_cookie, open_pair, register
from tests.support.services.operators import OPERATOR

WORD = "kanarienvogel"
TORN = f"""{WORD}' "{WORD}" {WORD}, ({WORD}) [{WORD}] {{{WORD}}} `{WORD}` = {WORD}; {WORD}"""
ADDRESS = f"{WORD}@{WORD}.dev"
DOCUMENT = build_api().openapi()
CALLS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
FORM_PATHS = [route.path for route in (*FORMS, *ACCOUNT_FORMS, *EMAIL_FORMS, *LINK_FORMS, *RECOVERY_FORMS)]
FIELDS = (
    *("email", "password", "new_password", "current_password", "code", "token", "link", "ticket", "next"),
    *("confirm_email", "name", "scopes", "expires_in_days", "key", "session", "id", "remember_me", "purpose"),
)
MALFORMED = (
    f'{{"password": "{WORD}',
    f'{{"password": {WORD}}}',
    f'{{"{WORD}": 1, "{WORD}": 2}}',
    f'"{WORD}"',
    f'["{WORD}"]',
    WORD,
    f'{{"password": NaN, "email": "{WORD}"}}',
    '{"a":' * 50 + f'"{WORD}"' + "}" * 50,
)


@pytest.fixture
def log() -> Generator[io.StringIO]:
    """Everything the process logs, at the most verbose level."""
    with captured_log("DEBUG", "text") as output:
        for name in ("httpx", "httpcore"):  # the test's own client
            logging.getLogger(name).setLevel(logging.WARNING)
        yield output
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def leaks(log: io.StringIO) -> list[str]:
    return [line[:600] for line in log.getvalue().splitlines() if WORD in line.lower()]


def bodies(names: list[str]) -> list[Any]:
    """Return JSON with the word as every value, in the right and in wrong types, and as a name."""
    typed = {name: ADDRESS if "email" in name else TORN for name in names}
    return [
        typed,
        dict.fromkeys(names, ADDRESS),
        {name: [TORN] for name in names},
        {name: {WORD: TORN} for name in names},
        typed | {WORD: TORN, TORN: WORD, "password": TORN},
        dict.fromkeys(names, WORD * 400),
    ]


def names_in(schema: dict[str, Any]) -> list[str]:
    """Return the names of the fields that a body may have."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found = list(schema.get("properties", {}))
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        found += names_in(choice)
    return found


def sent(path: str, method: str) -> list[dict[str, Any]]:
    """Return what is sent to one call, as arguments of the client."""
    call = DOCUMENT["paths"][path][method]
    known = [one["name"] for one in call.get("parameters", []) if one["in"] == "query"]
    queries = [{name: value} for name in known for value in (WORD, TORN, ADDRESS)]
    found: list[dict[str, Any]] = [{"params": query} for query in (*queries, {WORD: TORN, "token": WORD})]
    if "requestBody" not in call:
        return found
    names = [name for one in call["requestBody"]["content"].values() for name in names_in(one["schema"])]
    found += [{"json": body} for body in bodies(names)]
    found += [{"data": dict.fromkeys([*names, WORD], TORN)}, {"files": {WORD: (WORD, WORD)}}]
    kind = {"Content-Type": "application/json"}
    found += [{"content": body, "headers": kind} for body in (*MALFORMED, WORD.encode() + b"\xff")]
    return [*found, {"content": WORD, "headers": {"Content-Type": f"text/{WORD}; charset={WORD}"}}]


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test needs both: each driver reports a failure in its own way."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
async def nora(services: Services) -> str:
    """An administrator; the id."""
    account = await register(services)
    await services.user_actions.set_role(OPERATOR, account.id, Role.ADMIN)
    return account.id.hex


@pytest.mark.parametrize("part", sorted({path.split("/")[1] for path, _ in CALLS}))
async def test_calls_of_rest(
    connect: Connect, services: Services, nora: str, log: io.StringIO, part: str
) -> None:
    for path, method in CALLS:
        if path.split("/")[1] != part:
            continue
        place = re.sub(r"{\w+}", WORD, path)
        for token in ((await open_pair(services)).access_token, WORD):
            client = connect()
            for arguments in sent(path, method):
                headers = {"Authorization": f"Bearer {token}", **arguments.pop("headers", {})}
                answer = await client.request(method, place, headers=headers, **arguments)
                assert answer.status_code != 500, (path, arguments)
    assert leaks(log) == []


@pytest.mark.parametrize("path", FORM_PATHS)
async def test_a_form(
    browser: AsyncClient, services: Services, nora: str, log: io.StringIO, path: str
) -> None:
    cookie = await open_cookie(services)
    values = {name: ADDRESS if "email" in name else TORN for name in FIELDS}
    form, multipart = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={WORD}"
    tries: list[dict[str, Any]] = [
        {"data": values},
        {"data": dict.fromkeys(FIELDS, WORD) | {WORD: TORN}},
        {"data": {TORN: WORD}},
        {"data": values, "files": {"password": (WORD, WORD, WORD), WORD: (WORD, WORD)}},
        {"content": f"password={WORD}%zz&%{WORD}=%{WORD}&&=;", "headers": {"Content-Type": form}},
        {"content": b"password=" + WORD.encode() + b"\xff\x00", "headers": {"Content-Type": form}},
        {"content": f"--{WORD}\r\n{WORD}: {WORD}\r\n{WORD}", "headers": {"Content-Type": multipart}},
        {"content": f"--{WORD}x\r\n\r\n{WORD}--", "headers": {"Content-Type": multipart}},
        {"json": values},
        {"content": WORD, "headers": {"Content-Type": WORD}},
        {"data": {}, "params": {"next": f"/{WORD}", "password": WORD, WORD: TORN}},
    ]
    for arguments in tries:
        for said in (cookie, WORD):
            headers = {"Cookie": f"autograph_session={said}; autograph_challenge={WORD}; {WORD}={WORD}"}
            given = {**arguments, "headers": headers | arguments.get("headers", {})}
            answer = await browser.post(path, **given)
            assert answer.status_code != 500, arguments
    assert leaks(log) == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("table", ["users", "audit_log", "links", "outbox"])
async def test_a_handler_that_breaks_at_a_statement(
    connect: Connect, services: Services, nora: str, log: io.StringIO, table: str
) -> None:
    """The statement contains the values; the fault is in our code."""
    async with services.database.unit() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    statuses: set[int] = set()
    try:
        api, browser = connect(), connect(origin=services.settings.base_url, Accept="text/html")
        for path, values in (
            ("/login", {"email": ADDRESS, "password": TORN}),
            ("/register", {"email": ADDRESS, "password": f"{WORD} over four wide meadows"}),
            ("/password-reset/request", {"email": ADDRESS}),
            ("/email-verification/request", {"email": ADDRESS}),
            ("/mfa/verify", {"email": ADDRESS, "code": "123456", "mfa_token": WORD}),
        ):
            statuses.add((await api.post(path, json=values)).status_code)
        for path in ("/session/sign-in", "/session/register", "/recovery/request"):
            values = {"email": ADDRESS, "password": f"{WORD} over four wide meadows"}
            statuses.add((await browser.post(path, data=values)).status_code)
    finally:
        async with services.database.unit() as connection:
            await connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))
    assert statuses & {500, 503}, "nothing broke, so nothing is shown"
    assert leaks(log) == []


async def _breaks_by_number(value: str) -> object:
    return int(value)


async def _breaks_by_key(value: str) -> object:
    return dict[str, str]()[value]


async def _breaks_by_form(value: str) -> object:
    return SignInInput.model_validate({"email": [value], value: value, WORD: value, "remember_me": value})


async def _breaks_by_address(value: str) -> object:
    return validate_email(f"{value}@{value}")


async def _breaks_by_statement(value: str) -> object:
    async with services_of_process().database.read() as connection:
        return await connection.execute(text("SELECT id FROM users WHERE id = :value"), {"value": value})


async def _breaks_by_value(value: str) -> object:
    async with services_of_process().database.read() as connection:
        return await connection.execute(text("SELECT id FROM users WHERE email = :value"), {"value": {value}})


BREAKS = [
    _breaks_by_number,
    _breaks_by_key,
    _breaks_by_form,
    _breaks_by_address,
    _breaks_by_statement,
    _breaks_by_value,
]


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("breaks", BREAKS, ids=lambda breaks: breaks.__name__)
async def test_a_handler_that_breaks_over_a_value(
    services: Services, log: io.StringIO, breaks: Callable[[str], Awaitable[object]]
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            for value in Request(scope).query_params.values():
                await breaks(value)
        await inner_app(scope, receive, send)

    transport = ASGITransport(build_front(broken, PAGES), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url=services.settings.base_url) as client:
        for value in (
            WORD,
            TORN,
            TORN * 20,
            f"{WORD} " * 300,
            f"'{WORD}",
            f'{WORD}"{WORD}',
            f"{WORD}\n{WORD}",
        ):
            await client.get("/broken", params={WORD: value}, headers={"Accept": "text/html"})
    assert leaks(log) == []
