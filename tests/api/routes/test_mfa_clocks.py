"""What REST says about a phone whose clock is wrong: during enrolment, and nowhere else."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.clients.http import assert_problem, bearer
from tests.support.clients.two_step import challenge, enrol, fresh_tokens, set_up, verify
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL

WHAT_TO_DO = "Set its time automatically."
FAST_AND_SLOW = [(-600, "10 minutes"), (-90, "2 minutes"), (240, "4 minutes"), (60, "1 minute")]


async def refused(api: AsyncClient, tokens: dict[str, Any], code: str) -> dict[str, Any]:
    answer = await api.post("/mfa/enable", json={"code": code}, headers=bearer(tokens))
    return assert_problem(answer, 400, "authenticator_clock_wrong")


@pytest.mark.parametrize(("apart", "told"), FAST_AND_SLOW)
async def test_turning_on_says_by_how_much_and_what_to_do(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any], apart: int, told: str
) -> None:
    phone = await set_up(api, tokens)
    problem = await refused(api, tokens, phone.code(clock.seconds() + apart))

    assert problem["field"] == "code"
    assert problem["detail"] == (
        f"That code is for another time. Your device's clock is off by about {told}. {WHAT_TO_DO}"
    )
    assert (await api.get("/me", headers=bearer(tokens))).json()["mfa_enabled"] is False
    # The enrolment continues: once the phone's clock is corrected, the same entry works.
    right = {"code": phone.code(clock.seconds())}
    assert (await api.post("/mfa/enable", json=right, headers=bearer(tokens))).status_code == 200


async def test_replacing_an_authenticator_says_so_too(api: AsyncClient, clock: FakeClock) -> None:
    fresh = await fresh_tokens(api, clock, await enrol(api, clock))
    phone = await set_up(api, fresh)
    problem = await refused(api, fresh, phone.code(clock.seconds() - 300))

    assert "about 5 minutes" in problem["detail"]
    assert problem["detail"].endswith(WHAT_TO_DO)


async def test_further_away_it_is_a_wrong_code(
    api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]
) -> None:
    phone = await set_up(api, tokens)
    late = {"code": phone.code(clock.seconds() - 660)}
    answer = await api.post("/mfa/enable", json=late, headers=bearer(tokens))

    assert "clock" not in assert_problem(answer, 400, "setup_code_invalid")["detail"]


async def test_it_counts_as_a_wrong_code(api: AsyncClient, clock: FakeClock, tokens: dict[str, Any]) -> None:
    phone = await set_up(api, tokens)
    for _ in range(5):
        await refused(api, tokens, phone.code(clock.seconds() - 240))

    right = {"code": phone.code(clock.seconds())}
    assert_problem(await api.post("/mfa/enable", json=right, headers=bearer(tokens)), 429, "rate_limited")


@pytest.mark.parametrize("apart", [-240, 240])
async def test_a_sign_in_never_tells(api: AsyncClient, clock: FakeClock, apart: int) -> None:
    member = await enrol(api, clock)
    token = await challenge(api)
    known = await verify(api, member.phone.code(clock.seconds() + apart), token, EMAIL)
    wrong = await verify(api, member.phone.wrong_code(clock.seconds()), token, EMAIL)

    said = assert_problem(known, 401, "invalid_code")
    assert said == assert_problem(wrong, 401, "invalid_code")
