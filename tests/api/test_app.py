"""What every call has in common: bodies, methods, unknown addresses, faults."""

from collections.abc import AsyncGenerator

import pytest
from httpx import AsyncClient, Response

from tests.support.errors import all_errors
from tests.support.factories import EMAIL, PASSWORD
from tests.support.http import CREDENTIALS, assert_problem, sign_up

JSON = {"Content-Type": "application/json"}
METHODS = {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
LIMIT = 64 * 1024
CALLS = {
    "/register": {"GET", "HEAD", "POST"},
    "/login": {"GET", "HEAD", "POST"},
    "/token": {"POST"},
    "/refresh": {"POST"},
    "/logout": {"POST"},
    "/logout-all": {"POST"},
    "/sessions": {"GET", "DELETE"},
    "/me": {"GET"},
    "/health/live": {"GET", "HEAD"},
    "/health/ready": {"GET", "HEAD"},
    "/session/end": {"POST"},
}


async def post(api: AsyncClient, body: bytes, path: str = "/login", **headers: str) -> Response:
    return await api.post(path, content=body, headers=JSON | headers)


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
    assert_problem(await post(api, body, path), 400, "malformed_body")


async def test_an_empty_body_lacks_everything(api: AsyncClient) -> None:
    assert_problem(await post(api, b""), 422, "invalid_input")


async def test_a_body_as_deep_as_allowed_is_only_of_the_wrong_shape(api: AsyncClient) -> None:
    assert_problem(await post(api, b"[" * 32 + b"]" * 32), 422, "invalid_input")


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"],
)
@pytest.mark.parametrize("path", ["/register", "/login", "/refresh"])
async def test_only_json_is_taken_for_json(api: AsyncClient, path: str, media_type: str) -> None:
    response = await post(api, b"{}", path, **{"Content-Type": media_type})

    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_be_announced_in_any_way(api: AsyncClient, media_type: str) -> None:
    response = await post(api, b"{}", **{"Content-Type": media_type})

    assert_problem(response, 422, "invalid_input")


def padded(size: int) -> bytes:
    start = b'{"email": "' + EMAIL.encode() + b'", "password": "'
    return start + b"x" * (size - len(start) - 2) + b'"}'


async def test_a_body_of_64_kib_is_read(api: AsyncClient) -> None:
    assert_problem(await post(api, padded(LIMIT)), 401, "invalid_credentials")


@pytest.mark.parametrize("path", ["/login", "/token", "/session/sign-in", "/logout", "/nowhere"])
async def test_one_byte_more_is_refused(browser: AsyncClient, path: str) -> None:
    assert_problem(await post(browser, padded(LIMIT + 1), path), 413, "body_too_large")


async def pieces(size: int) -> AsyncGenerator[bytes]:
    body = padded(size)
    for start in range(0, size, 8192):
        yield body[start : start + 8192]


@pytest.mark.parametrize("length", [None, "10", "0", "00"])
async def test_a_length_that_is_not_told_or_understated_changes_nothing(
    api: AsyncClient, length: str | None
) -> None:
    headers = JSON | ({"Content-Length": length} if length else {})
    response = await api.post("/login", content=pieces(LIMIT + 1), headers=headers)

    assert_problem(response, 413, "body_too_large")


@pytest.mark.parametrize("length", ["65537", "9" * 30, "-1", "ten", "1e9", "\u0661"])
async def test_a_length_beyond_the_limit_or_senseless_is_refused_unread(
    api: AsyncClient, length: str
) -> None:
    response = await api.post(
        "/login",
        content=b"{}",
        headers=[
            (b"Content-Type", b"application/json"),
            (b"Content-Length", length.encode()),
        ],
    )

    assert_problem(response, 413, "body_too_large")


async def test_a_body_in_pieces_is_put_together(api: AsyncClient) -> None:
    response = await api.post("/login", content=pieces(LIMIT), headers=JSON)

    assert_problem(response, 401, "invalid_credentials")


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, method) for path, allowed in CALLS.items() for method in sorted(METHODS - allowed)],
)
async def test_another_method_is_refused_with_the_ones_allowed(
    browser: AsyncClient, path: str, method: str
) -> None:
    response = await browser.request(method, path, headers={"Sec-Fetch-Mode": "cors"})

    assert response.status_code == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} == CALLS[path]
    if method != "HEAD":
        assert_problem(response, 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/nowhere", "/me/", "/ME", "/login/extra", "/api/me", "/health"])
async def test_an_unknown_address_is_not_found(api: AsyncClient, path: str, method: str) -> None:
    assert_problem(await api.request(method, path), 404, "not_found")


@pytest.mark.parametrize("path", ["//me", "/./me", "/me%00", "/me;x=1"])
async def test_no_other_spelling_reaches_a_call(api: AsyncClient, path: str) -> None:
    response = await api.get(f"http://localhost:3000{path}")

    assert response.status_code in (401, 404)
    assert "email" not in response.text


async def test_a_person_meets_a_fault_of_ours_as_a_page_without_details(browser: AsyncClient) -> None:
    response = await browser.get("/broken")

    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["cache-control"] == "no-store"
    assert "<h1" in response.text
    assert "Broken" not in response.text
    assert "Traceback" not in response.text


async def test_every_sentence_of_a_refusal_is_the_one_of_its_code(api: AsyncClient) -> None:
    await sign_up(api)
    refusals = [
        await api.post("/register", json=CREDENTIALS),
        await api.post("/login", json={"email": EMAIL, "password": PASSWORD + "x"}),
        await api.get("/nowhere"),
        await api.get("/me"),
    ]

    for refusal in refusals:
        problem = refusal.json()
        assert problem["detail"].startswith(all_errors()[problem["code"]]().detail)
