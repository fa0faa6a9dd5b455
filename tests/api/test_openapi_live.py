"""Everything the OpenAPI document promises, asked of the running product with good and with bad data.

Schemathesis makes the requests out of the document: what fits it, what does not, and what lies at the edges.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from autograph_web.api.app import build_api
from tests.support.live_server import LiveServer

_numbers = count(1)
_PASSWORD = "gravel harbour thirteen violins"
_SCHEMA = schemathesis.openapi.from_dict(build_api().openapi())
_OPERATIONS = [found.ok() for found in _SCHEMA.get_all_operations()]
_GUARDED = [operation for operation in _OPERATIONS if operation.definition.raw.get("security")]
load_all_checks()
# Each checks one answer against the document. Those left out send requests of their own, or cannot know that
# an answer depends on what was never in the document: a password, a code, a link.
_CHECKS = [
    check
    for check in CHECKS.get_all()
    if check.__name__
    in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    )
]
_FEW = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def address() -> dict[str, str]:
    """Return the header that makes a request one of a client of its own, whom no limit has met."""
    number = next(_numbers)
    return {"X-Forwarded-For": f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"}


def newcomer(server: LiveServer) -> str:
    """Create an account and return an access token of it."""
    person = {"email": f"schema{next(_numbers)}@northwind.dev", "password": _PASSWORD}
    with httpx.Client(base_url=server.base_url, headers=address()) as client:
        assert client.post("/register", json=person).status_code == 201
        return str(client.post("/login", json=person).json()["access_token"])


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda operation: operation.label)
def test_anybody(operation: Any, mode: GenerationMode, live_server: LiveServer) -> None:
    """What fits the document, then what does not, from somebody nobody knows."""
    ask(operation, mode, live_server, dict)


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _GUARDED, ids=lambda operation: operation.label)
def test_somebody_signed_in(operation: Any, mode: GenerationMode, live_server: LiveServer) -> None:
    """The same from somebody new each time, since many of the calls end the session they come with."""
    ask(operation, mode, live_server, lambda: {"Authorization": f"Bearer {newcomer(live_server)}"})


def ask(
    operation: Any, mode: GenerationMode, server: LiveServer, headers: Callable[[], dict[str, str]]
) -> None:
    """Send what schemathesis makes of an operation and hold each answer against the document."""

    @_FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: Case) -> None:
        response = case.call(base_url=server.base_url, headers=headers() | address(), timeout=30)
        case.validate_response(response, checks=_CHECKS)

    try:
        each()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing fits the document"
