"""Two-step verification over HTTP, as its tests use it."""

from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.clients.http import bearer, sign_in, sign_up
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL


@dataclass(frozen=True)
class Member:
    """An account with two-step verification, its authenticator and its recovery codes."""

    id: str
    tokens: dict[str, Any]
    phone: Authenticator
    paper: list[str]


async def enrol(client: AsyncClient, clock: FakeClock, email: str = EMAIL) -> Member:
    """Create an account and enable two-step verification; the clock is already at the next code."""
    account = await sign_up(client, email)
    tokens = await sign_in(client, email)
    phone = await set_up(client, tokens)
    enabled = await client.post(
        "/mfa/enable", json={"code": phone.code(clock.seconds())}, headers=bearer(tokens)
    )
    assert enabled.status_code == 200, enabled.text
    clock.advance(PERIOD_S)
    return Member(account["id"], tokens, phone, enabled.json()["recovery_codes"])


async def set_up(client: AsyncClient, tokens: dict[str, Any]) -> Authenticator:
    """Start an enrolment and return the authenticator that holds its key."""
    setup = await client.post("/mfa/setup", headers=bearer(tokens))
    assert setup.status_code == 200, setup.text
    return Authenticator.open(setup.json()["provisioning_uri"])


async def challenge(client: AsyncClient, email: str = EMAIL, **more: Any) -> str:
    """Send the password and return the token of the second step."""
    body = await sign_in(client, email, **more)
    assert body["mfa_required"] is True
    return str(body["mfa_token"])


async def verify(
    client: AsyncClient, code: str, token: str | None = None, email: str = EMAIL, **more: Any
) -> Response:
    """Send a code."""
    named = {} if token is None else {"mfa_token": token}
    return await client.post("/mfa/verify", json={"email": email, "code": code, **named, **more})


async def fresh_tokens(client: AsyncClient, clock: FakeClock, member: Member) -> dict[str, Any]:
    """Sign in with both steps, then move the clock to the next code."""
    answer = await verify(client, member.phone.code(clock.seconds()), await challenge(client))
    assert answer.status_code == 200, answer.text
    clock.advance(PERIOD_S)
    return dict(answer.json())
