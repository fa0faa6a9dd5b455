"""Text that is not a code: refused with an explanation; nothing is counted, logged or audited."""

import logging
from typing import Any

import pytest
from httpx import AsyncClient, Response

from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from tests.support.clients.http import bearer
from tests.support.clients.two_step import Member, challenge, enrol, fresh_tokens, verify
from tests.support.servers.inspection import RedisWindow
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, how_many

MALFORMED: dict[str, Any] = {
    "short": "12345",
    "long": "1234567",
    "plus": "+12345",
    "minus": "-12345",
    "letters": "abcdef",
    "empty": "",
    "blank": "      ",
    "newlines": "\n\n\n\n\n\n",
    "nul": "12345\0",
    "decimal": "1234.5",
    "ten kB": "1" * 10_240,
    "short recovery code": "0123-4567-89ab-cde",
    "number": 123456,
    "null": None,
    "list": ["123456"],
    "object": {"code": "123456"},
    "boolean": True,
}


@pytest.fixture
async def member(api: AsyncClient, clock: FakeClock) -> Member:
    return await enrol(api, clock)


def assert_sentence(response: Response, typed: object) -> None:
    assert response.status_code in (400, 401, 422)
    detail = response.json()["detail"]
    assert detail[0].isupper()
    assert detail.endswith(".")
    if isinstance(typed, str) and len(typed.strip()) > 4:
        assert typed not in response.text


@pytest.mark.parametrize("typed", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_code_is_refused_and_forgotten(
    api: AsyncClient,
    services: Services,
    clock: FakeClock,
    member: Member,
    redis_window: RedisWindow,
    caplog: pytest.LogCaptureFixture,
    typed: object,
) -> None:
    fresh = bearer(await fresh_tokens(api, clock, member))
    await api.post("/mfa/setup", headers=fresh)
    token = await challenge(api)
    events, keys = await how_many(services, AUDIT), set(redis_window.keys())
    caplog.clear()
    with caplog.at_level(logging.INFO):
        for _ in range(6):
            body = {"email": EMAIL, "code": typed, "mfa_token": token}
            assert_sentence(await api.post("/mfa/verify", json=body), typed)
            assert_sentence(await api.post("/mfa/enable", json={"code": typed}, headers=fresh), typed)

    assert await how_many(services, AUDIT) == events
    assert set(redis_window.keys()) == keys
    assert [record for record in caplog.records if record.name != "httpx"] == []
    assert (await verify(api, member.phone.code(clock.seconds()), token)).status_code == 200


async def test_the_sentence_says_what_to_enter(api: AsyncClient, member: Member) -> None:
    body = (await verify(api, "12345", await challenge(api))).json()

    assert (body["code"], body["field"], body["status"]) == ("code_malformed", "code", 422)
    assert "6-digit code" in body["detail"]


@pytest.mark.parametrize("token", ["x" * 257, "x" * 10_000, 7, ["x"], {"a": 1}])
async def test_an_mfa_token_of_another_shape_is_refused(
    api: AsyncClient, member: Member, redis_window: RedisWindow, token: object
) -> None:
    await challenge(api)
    response = await api.post("/mfa/verify", json={"email": EMAIL, "code": "123456", "mfa_token": token})

    assert response.status_code == 422
    assert redis_window.keys("rate_limit:mfa*") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {"code": "123456"},
        {"email": EMAIL, "code": "123456", "otp": "1"},
        {"email": None, "code": "123456"},
        {"email": EMAIL, "code": "123456", "trust_device": "perhaps"},
    ],
)
async def test_a_body_of_another_shape_is_refused(api: AsyncClient, body: dict[str, Any]) -> None:
    response = await api.post("/mfa/verify", json=body)

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"
    assert "123456" not in response.text
