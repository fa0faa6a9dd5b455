"""Users who register, sign in, refresh, reset and so on without a pause, whatever happens to the server."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import httpx

from tests.faults.traffic import Refused, Traffic, code_of, result_of
from tests.support.clients.authenticator import PERIOD_S, Authenticator, minimal_totp
from tests.support.clients.http import bearer
from tests.support.services.factories import WRONG
from tests.support.services.password_reset import NEW_PASSWORD

Story = Callable[[Traffic], Awaitable[None]]
UNCHANGED = ("unavailable", "rate_limited")
"""Refusals that guarantee that nothing was changed."""
_PAUSE_S = 0.1


async def comes_and_goes(traffic: Traffic) -> None:
    """Register, sign in, refresh and sign out."""
    person = await traffic.newcomer()
    first = await traffic.sign_in(person)
    pair = await traffic.done("POST", "/refresh", json={"refresh_token": first["refresh_token"]})
    traffic.ledger.acknowledge(person["email"], "token_refreshed")
    await _sign_out(traffic, person, pair)


async def leaves_everywhere(traffic: Traffic) -> None:
    """Sign in twice and sign out everywhere."""
    person = await traffic.newcomer()
    pairs = [await traffic.sign_in(person) for _ in range(2)]
    answer = await traffic.ask("POST", "/logout-all", headers=bearer(pairs[0]))
    _note_end(traffic, person, "logout_all", answer, *pairs)


async def forgets_the_password(traffic: Traffic) -> None:
    """Set a new password with the link of an email."""
    person, ledger = await traffic.newcomer(), traffic.ledger
    email, pair = person["email"], await traffic.sign_in(person)
    data = {"token": await traffic.link_for(email), "new_password": NEW_PASSWORD}
    before = ledger.passwords.pop(email)  # the password is uncertain until the response
    answer = await traffic.ask("POST", "/password-reset/confirm", json=data)
    if answer.is_success or code_of(answer) == "password_is_set":
        ledger.passwords[email] = NEW_PASSWORD
        ledger.acknowledge(email, "password_reset_completed")
    elif code_of(answer) in UNCHANGED:
        ledger.passwords[email] = before
    result_of(answer)
    ledger.dead.append(pair)
    await traffic.sign_in({"email": email, "password": NEW_PASSWORD})


async def adds_a_factor(traffic: Traffic) -> None:
    """Enable two-step verification, sign in with it, and disable it."""
    person, ledger = await traffic.newcomer(), traffic.ledger
    email, pair = person["email"], await traffic.sign_in(person)
    setup = await traffic.done("POST", "/mfa/setup", headers=bearer(pair))
    key, now = Authenticator.open(setup["provisioning_uri"]).key, time.time()
    await _change_factor(traffic, person, pair, on=True, json={"code": _code(key, now - PERIOD_S / 2)})
    await _sign_out(traffic, person, pair)
    challenge = await traffic.done("POST", "/login", json=person)
    ledger.acknowledge(email, "login_mfa_required")
    step = {"email": email, "mfa_token": challenge["mfa_token"], "code": _code(key, now + PERIOD_S / 2)}
    pair = await traffic.done("POST", "/mfa/verify", json=step)
    ledger.acknowledge(email, "mfa_verify_success")
    await _change_factor(traffic, person, pair, on=False)


STORIES: tuple[Story, ...] = (comes_and_goes, leaves_everywhere, forgets_the_password, adds_a_factor)


@asynccontextmanager
async def people_about(traffic: Traffic) -> AsyncGenerator[None]:
    """Run every story repeatedly, next to the observers, within the block."""
    regular = await traffic.sign_in(await traffic.newcomer())
    guessed = await traffic.newcomer()
    doings: list[Callable[[], Awaitable[None]]] = [
        *(partial(_live, traffic, story) for story in STORIES),
        partial(_try_what_is_dead, traffic),
        partial(_ask_as_usual, traffic, regular),
        partial(_guess, traffic, guessed),
        traffic.look_at_a_page,
    ]
    tasks = [asyncio.create_task(_again_and_again(doing)) for doing in doings]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * len(tasks), outcomes


async def _again_and_again(doing: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(Refused):
            await doing()
        await asyncio.sleep(_PAUSE_S)


async def _live(traffic: Traffic, story: Story) -> None:
    traffic.ledger.begun[story.__name__] += 1
    await story(traffic)
    traffic.ledger.finished[story.__name__] += 1


async def _ask_as_usual(traffic: Traffic, pair: dict[str, Any]) -> None:
    answer = await traffic.ask("GET", "/me", headers=bearer(pair))
    traffic.ledger.regular[answer.status_code] += 1


async def _guess(traffic: Traffic, person: dict[str, str]) -> None:
    answer = await traffic.ask("POST", "/login", json=person | {"password": WRONG})
    traffic.ledger.guesses[answer.status_code] += 1


async def _try_what_is_dead(traffic: Traffic) -> None:
    """Use what was revoked last; record in the ledger whatever is accepted."""
    for pair in traffic.ledger.dead[-2:]:
        if await traffic.opens(pair):
            traffic.ledger.revived.append("an access token")
        data = {"refresh_token": pair["refresh_token"]}
        if (await traffic.ask("POST", "/refresh", json=data)).is_success:
            traffic.ledger.revived.append("a refresh token")


async def _sign_out(traffic: Traffic, person: dict[str, str], pair: dict[str, Any]) -> None:
    _note_end(traffic, person, "logout", await traffic.ask("POST", "/logout", headers=bearer(pair)), pair)


def _note_end(
    traffic: Traffic, person: dict[str, str], kind: str, answer: httpx.Response, *pairs: dict[str, Any]
) -> None:
    ledger = traffic.ledger
    if answer.is_success:
        ledger.dead += pairs
    elif code_of(answer) == "unfinished":
        ledger.dying += pairs
    if answer.is_success or code_of(answer) == "unfinished":
        ledger.acknowledge(person["email"], kind)
    result_of(answer)


async def _change_factor(
    traffic: Traffic, person: dict[str, str], pair: dict[str, Any], *, on: bool, **more: Any
) -> None:
    email, ledger = person["email"], traffic.ledger
    path, kind = ("/mfa/enable", "mfa_enabled") if on else ("/mfa/disable", "mfa_disabled")
    before = ledger.factors.pop(email, False)  # its state is uncertain until the response
    answer = await traffic.ask("POST", path, headers=bearer(pair), **more)
    if answer.is_success:
        ledger.factors[email] = on
        ledger.acknowledge(email, kind)
    elif code_of(answer) in UNCHANGED:
        ledger.factors[email] = before
    result_of(answer)


def _code(key: str, seconds: float) -> str:
    # Computed here, because starting a program would delay the traffic of all users.
    return minimal_totp(key, int(seconds))
