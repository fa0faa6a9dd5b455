"""Everything the OpenAPI document promises, checked on the running product with valid and invalid data.

Schemathesis generates the requests from the document: both those that conform to it and those that do not.
"""

from collections.abc import Callable
from importlib import import_module
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from autograph_web.api.app import build_api
from tests.support.clients.plain_http import PLAIN
from tests.support.servers.live_server import LiveServer, asks

_numbers = count(1)
_PASSWORD = "gravel harbour thirteen violins"
_DOCUMENT = build_api().openapi()
_CALLS = [(path, method) for path, methods in _DOCUMENT["paths"].items() for method in methods]
_GUARDED = [(path, method) for path, method in _CALLS if _DOCUMENT["paths"][path][method].get("security")]
# Each checks one response against the document. The omitted ones send requests of their own, or cannot know
# that a response depends on something outside any document: a password, a code, a link.
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
_WITH_BODY = [call for call in _CALLS if "requestBody" in _DOCUMENT["paths"][call[0]][call[1]]]
_HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "no text": b'{"email": "\xff\xfe"}',
    "a list": b"[]",
    "a number": b"1e999",
    "not a number": b'{"email": NaN}',
    "a name twice": b'{"email": "a@northwind.dev", "email": "b@northwind.dev"}',
    "an unknown name": b'{"email": "a@northwind.dev", "password": "x", "role": "admin", "token": "x"}',
    "NUL": b'{"email": "a\\u0000@b.dev", "password": "\\u0000", "token": "\\u0000", "code": "\\u0000"}',
    "half a character": b'{"email": "\\ud800", "password": "\\udfff", "token": "\\ud800", "code": "\\ud800"}',
    "depth": b'{"email": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "length": b'{"email": "' + b"a" * 60_000 + b'", "token": "' + b"b" * 4000 + b'"}',
    "too much": b'{"email": "' + b"a" * 70_000 + b'"}',
    "a great integer": b'{"email": ' + b"9" * 5000 + b"}",
}
_FEW = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=tuple(HealthCheck),  # pyright: ignore[reportArgumentType]
)


class Examiner:
    """Schemathesis with our document; importing it is slow, so only processes that run these tests do."""

    def __init__(self) -> None:
        library: Any = import_module("schemathesis")
        checks: Any = import_module("schemathesis.checks")
        checks.load_all_checks()
        self._checks: Any = [check for check in checks.CHECKS.get_all() if check.__name__ in _CHECKS]
        self._schema: Any = library.openapi.from_dict(_DOCUMENT)
        self._modes: Any = library.GenerationMode

    def ask(
        self, call: tuple[str, str], good: bool, server: LiveServer, headers: Callable[[], dict[str, str]]
    ) -> None:
        """Send what schemathesis generates for a call and check each response against the document."""
        path, method = call
        mode = self._modes.POSITIVE if good else self._modes.NEGATIVE

        @_FEW
        @given(case=self._schema[path][method].as_strategy(generation_mode=mode))
        def each(case: Any) -> None:
            response = case.call(base_url=server.base_url, headers=headers() | address(), timeout=30)
            case.validate_response(response, checks=self._checks)

        try:
            each()
        except Unsatisfiable:
            assert not good, "nothing fits the document"


@pytest.fixture(scope="session")
def examiner() -> Examiner:
    """Schemathesis with the document, on a client that trusts no authorities."""
    return Examiner()


def address() -> dict[str, str]:
    """Return the header that gives a request a client address of its own, not yet rate limited."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"}


def newcomer(server: LiveServer) -> dict[str, str]:
    """Create an account and return the header with an access token for it."""
    person = {"email": f"schema{next(_numbers)}@northwind.dev", "password": _PASSWORD}
    with httpx.Client(base_url=server.base_url, verify=PLAIN) as client:
        assert client.post("/register", json=person, headers=address()).status_code == 201
        answer = client.post("/login", json=person, headers=address())
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def is_signed_in(server: LiveServer, caller: dict[str, str]) -> bool:
    """Return True if the access token is still valid."""
    return asks.get(f"{server.base_url}/me", headers=caller).status_code == 200


def name_of(call: tuple[str, str]) -> str:
    return f"{call[1]} {call[0]}"


@pytest.mark.parametrize("good", [True, False], ids=["good", "bad"])
@pytest.mark.parametrize("call", _CALLS, ids=name_of)
def test_anonymous_requests(
    examiner: Examiner, call: tuple[str, str], good: bool, live_server: LiveServer
) -> None:
    examiner.ask(call, good, live_server, dict)


@pytest.mark.parametrize("good", [True, False], ids=["good", "bad"])
@pytest.mark.parametrize("call", _GUARDED, ids=name_of)
def test_authenticated_requests(
    examiner: Examiner, call: tuple[str, str], good: bool, live_server: LiveServer
) -> None:
    """A new user whenever the previous call has revoked the session, as many of the calls do."""
    caller = dict[str, str]()

    def signed_in() -> dict[str, str]:
        nonlocal caller
        if not caller or not is_signed_in(live_server, caller):
            caller = newcomer(live_server)
        return caller

    examiner.ask(call, good, live_server, signed_in)


@pytest.mark.parametrize("call", _WITH_BODY, ids=name_of)
def test_undocumented_bodies(call: tuple[str, str], live_server: LiveServer) -> None:
    path, method = call
    documented = _DOCUMENT["paths"][path][method]["responses"]
    signed_in = newcomer(live_server) if call in _GUARDED else {}
    kind = next(iter(_DOCUMENT["paths"][path][method]["requestBody"]["content"]))
    found: dict[str, Any] = {}
    # One connection per request: after a body that is too long, the server closes the connection.
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=live_server.base_url, limits=limits, verify=PLAIN) as client:
        for name, body in _HOSTILE.items():
            headers = signed_in | address() | {"Content-Type": kind}
            answer = client.request(method, path, content=body, headers=headers)
            found[name] = (answer.status_code, answer.headers["content-type"])

    for name, (status, media_type) in found.items():
        assert 400 <= status < 500, (name, status)
        assert media_type in documented[str(status)]["content"], (name, status, media_type)
