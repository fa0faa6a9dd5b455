"""JSON bodies are read strictly."""

import pytest
from httpx import AsyncClient

from tests.support.clients.http import assert_problem, post_json


@pytest.mark.parametrize("path", ["/register", "/login", "/refresh"])
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"email": }',
        b"{'email': 'x'}",
        b'{"email": "x"} trailing',
        b'{"email": "a@b.dev", "password": "x", "password": "y"}',
        b'{"email": {"a": 1, "a": 2}}',
        b'{"email": NaN}',
        b'{"email": Infinity}',
        b'{"email": -Infinity}',
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"[" * 20_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"\xff\xfe\x00",
        b'{"email": "\xff"}',
        b"\0",
        b"1" * 5000,
    ],
    ids=lambda body: repr(body[:24]) if isinstance(body, bytes) else None,
)
async def test_a_body_that_is_no_good_json_is_refused(api: AsyncClient, path: str, body: bytes) -> None:
    assert_problem(await post_json(api, body, path), 400, "malformed_body")


async def test_an_empty_body_lacks_everything(api: AsyncClient) -> None:
    assert_problem(await post_json(api, b""), 422, "invalid_input")


async def test_a_body_as_deep_as_allowed_is_only_of_the_wrong_shape(api: AsyncClient) -> None:
    assert_problem(await post_json(api, b"[" * 32 + b"]" * 32), 422, "invalid_input")


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"],
)
@pytest.mark.parametrize("path", ["/register", "/login", "/refresh"])
async def test_only_json_is_taken_for_json(api: AsyncClient, path: str, media_type: str) -> None:
    response = await post_json(api, b"{}", path, **{"Content-Type": media_type})

    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_be_announced_in_any_way(api: AsyncClient, media_type: str) -> None:
    response = await post_json(api, b"{}", **{"Content-Type": media_type})

    assert_problem(response, 422, "invalid_input")
