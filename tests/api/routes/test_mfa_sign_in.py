"""Signing in to an account with two-step verification: /login, /mfa/verify and /token."""

import jwt
import pytest
from httpx import AsyncClient

from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.sessions.store import REFRESH_TOKENS, SESSIONS
from tests.support.clients.http import CREDENTIALS, assert_problem, bearer, but_its_id, sign_in, sign_up
from tests.support.clients.two_step import Member, challenge, enrol, fresh_tokens, verify
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, WRONG, audited, change, how_many, rows

OTHER = "theo@northwind.dev"
FORM = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


@pytest.fixture
async def member(api: AsyncClient, clock: FakeClock) -> Member:
    return await enrol(api, clock)


async def test_the_password_step_asks_for_a_code_and_gives_nothing(
    api: AsyncClient, services: Services, member: Member
) -> None:
    before = [await how_many(services, SESSIONS), await how_many(services, REFRESH_TOKENS)]
    response = await api.post("/login", json=CREDENTIALS)

    body = response.json()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    token = body.pop("mfa_token")
    assert body == {
        "mfa_required": True,
        "email": EMAIL,
        "message": "Enter the code from your authenticator app.",
        "methods": ["totp", "recovery_code"],
        "expires_in": 300,
    }
    assert len(token) == 43
    assert [await how_many(services, SESSIONS), await how_many(services, REFRESH_TOKENS)] == before


@pytest.mark.parametrize("with_token", [True, False])
async def test_the_right_code_answers_a_token_pair(
    api: AsyncClient, clock: FakeClock, member: Member, with_token: bool
) -> None:
    token = await challenge(api)
    response = await verify(api, member.phone.code(clock.seconds()), token if with_token else None)

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    me = (await api.get("/me", headers=bearer(response.json()))).json()
    assert (me["id"], me["mfa_enabled"]) == (member.id, True)
    assert (me["session"]["amr"], me["session"]["aal"]) == (["pwd", "otp", "mfa"], 2)


async def test_remember_me_is_carried_over_the_second_step(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    token = await challenge(api, remember_me=True)
    tokens = (await verify(api, member.phone.code(clock.seconds()), token)).json()

    assert (await api.get("/me", headers=bearer(tokens))).json()["session"]["remember_me"] is True


async def test_a_code_with_a_space_is_fine(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    code, token = member.phone.code(clock.seconds()), await challenge(api)

    assert (await verify(api, f"{code[:3]} {code[3:]}", token)).status_code == 200


async def test_a_used_code_is_refused_and_the_next_one_works(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    code = member.phone.code(clock.seconds())
    await verify(api, code, await challenge(api))
    token = await challenge(api)

    problem = assert_problem(await verify(api, code, token), 401, "invalid_code")
    assert problem["field"] == "code"
    assert (await verify(api, member.phone.code(clock.seconds() + 30), token)).status_code == 200


async def test_a_stranger_is_told_nothing_and_spends_nothing(
    api: AsyncClient, connect: Connect, clock: FakeClock, member: Member, redis_window: RedisWindow
) -> None:
    await challenge(api)
    stranger = connect("192.0.2.66")
    code = member.phone.code(clock.seconds())
    theirs = [await verify(stranger, code) for _ in range(6)]
    unknown = await verify(stranger, code, email="nobody@northwind.dev")

    for response in theirs:
        assert_problem(response, 401, "challenge_expired")
        assert but_its_id(response) == but_its_id(unknown)
    assert redis_window.keys("rate_limit:mfa*") == []
    assert (await verify(api, code)).status_code == 200


async def test_an_account_without_two_step_verification_has_no_second_step(
    api: AsyncClient, redis_window: RedisWindow
) -> None:
    await sign_up(api)
    await sign_in(api)

    assert_problem(await verify(api, "123456"), 401, "challenge_expired")
    assert redis_window.keys("rate_limit:mfa*") == []


async def test_five_wrong_codes_are_enough(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    token = await challenge(api)
    for _ in range(5):
        wrong = member.phone.wrong_code(clock.seconds())
        assert_problem(await verify(api, wrong, token), 401, "invalid_code")

    for shown in (token, await challenge(api)):
        response = await verify(api, member.phone.code(clock.seconds()), shown)
        assert "300" in assert_problem(response, 429, "rate_limited")["detail"]
        assert response.headers["retry-after"] == "300"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_token_of_another_flow_is_no_mfa_token(
    api: AsyncClient, clock: FakeClock, member: Member, kind: str
) -> None:
    fresh = await fresh_tokens(api, clock, member)
    await challenge(api)
    jti = jwt.decode(fresh[kind], options={"verify_signature": False})["jti"]

    for shown in (fresh[kind], fresh[kind][-43:], jti):
        response = await verify(api, member.phone.code(clock.seconds()), shown)
        assert response.status_code in (401, 422), response.text
        assert shown not in response.text


async def test_an_mfa_token_is_good_for_nothing_else(
    api: AsyncClient, browser: AsyncClient, member: Member
) -> None:
    token = await challenge(api)

    assert_problem(await api.get("/me", headers=bearer({"access_token": token})), 401, "invalid_token")
    assert_problem(await api.post("/refresh", json={"refresh_token": token}), 401, "invalid_token")
    assert_problem(
        await api.get("/me", headers={"Cookie": f"autograph_session={token}"}), 401, "not_authenticated"
    )
    claimed = await browser.post("/session/claim", data={"ticket": token})
    assert "autograph_session" not in claimed.headers["set-cookie"]


async def test_the_token_of_another_account_is_refused(
    api: AsyncClient, clock: FakeClock, member: Member
) -> None:
    theo = await enrol(api, clock, OTHER)
    theirs = await challenge(api, OTHER)

    for email, code in ((EMAIL, member.phone), (EMAIL, theo.phone)):
        response = await verify(api, code.code(clock.seconds()), theirs, email)
        assert_problem(response, 401, "challenge_expired")


async def test_a_device_is_not_trusted_over_rest(api: AsyncClient, clock: FakeClock, member: Member) -> None:
    token = await challenge(api)
    response = await verify(api, member.phone.code(clock.seconds()), token, trust_device=True)

    assert_problem(response, 422, "invalid_input")
    assert "set-cookie" not in response.headers


async def test_a_wrong_password_is_answered_as_for_any_account(api: AsyncClient, member: Member) -> None:
    await sign_up(api, OTHER)
    answers = [
        await api.post("/login", json={"email": email, "password": WRONG})
        for email in (EMAIL, OTHER, "nobody@northwind.dev")
    ]

    assert_problem(answers[0], 401, "invalid_credentials")
    assert len({but_its_id(answer) for answer in answers}) == 1
    assert (
        len({tuple(h for h in answer.headers.items() if h[0] != "x-request-id") for answer in answers}) == 1
    )


async def test_the_password_form_refuses_and_leaves_nothing_behind(
    api: AsyncClient, services: Services, clock: FakeClock, member: Member, redis_window: RedisWindow
) -> None:
    before = [await how_many(services, table) for table in (SESSIONS, REFRESH_TOKENS)]
    keys = set(redis_window.keys())
    response = await api.post("/token", data=FORM)

    assert response.status_code == 400
    assert response.json()["error"] == "mfa_required"
    assert set(response.json()) == {"error", "error_description"}
    assert [await how_many(services, table) for table in (SESSIONS, REFRESH_TOKENS)] == before
    assert set(redis_window.keys()) == keys
    assert_problem(await verify(api, member.phone.code(clock.seconds())), 401, "challenge_expired")


async def test_a_secret_that_cannot_be_opened_is_a_fault_without_a_trace(
    api: AsyncClient, services: Services, clock: FakeClock, member: Member
) -> None:
    await change(services, FACTORS, sealed_secret="0123456789ab.AAAA")
    token = await challenge(api)
    response = await verify(api, member.phone.code(clock.seconds()), token)

    assert_problem(response, 500, "internal_error")
    for detail in ("DecryptionError", "Traceback", "sealed", ".py"):
        assert detail not in response.text
    assert await audited(services, "mfa_verify_failed") == []
    assert (await verify(api, member.paper[0], token)).status_code == 200
    assert sum(row.used_at is not None for row in await rows(services, CODES)) == 1
