"""Exporting everything that is stored about an account."""

import json
from typing import Any

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.audit.event_types import EventType
from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    AGENT,
    EMAIL,
    PASSWORD,
    audited,
    context,
    open_cookie,
    open_pair,
    register,
)
from tests.support.services.two_step import enrol, principal_of


async def export(services: Services, principal: SessionPrincipal) -> tuple[str, dict[str, Any]]:
    portions = await services.data_export.begin(context(), principal)
    text = "".join([portion async for portion in portions])
    return text, json.loads(text)


async def test_everything_about_the_account_is_in_it_and_nothing_secret(
    services: Services, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    cookie = await services.trusted_devices.trust(context("192.0.2.9"), mina.user_id)
    principal = await principal_of(services, mina.access_token)
    text, found = await export(services, principal)

    assert found["account"]["email"] == EMAIL
    assert found["account"]["mfa_enabled"] is True
    assert found["account"]["id"] == str(principal.user_id)
    assert [session["id"] for session in found["sessions"]] == [str(principal.session_id)]
    assert found["sessions"][0]["user_agent"] == AGENT
    assert found["held_emails"] == []
    assert len(found["authenticators"]) == 1
    assert found["recovery_codes_left"] == 10
    assert [device["ip"] for device in found["trusted_devices"]] == ["192.0.2.9"]
    kinds = [event["kind"] for event in found["events"]]
    assert kinds[0] == "registration_success"
    assert kinds[-1] == "data_exported"
    assert {"mfa_enabled", "device_trusted"} <= set(kinds)
    for secret in (mina.phone.key, *mina.paper, cookie, PASSWORD, mina.access_token, "$2", "hash", "sealed"):
        assert secret not in text


async def test_the_events_of_others_are_not_in_it(services: Services) -> None:
    await register(services, "theo@northwind.dev")
    await register(services)
    text, _ = await export(services, await principal_of(services, await open_cookie(services)))

    assert "theo" not in text
    assert text.count("registration_success") == 1


@pytest.mark.parametrize("events", [0, 1, 499, 500, 501, 1200])
async def test_any_number_of_events_is_written_out_in_order(services: Services, events: int) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    async with services.database.unit() as connection:
        await connection.execute(AUDIT.delete())
        for number in range(events):
            row = services.audit_log.row(
                EventType.TOKEN_REFRESHED, context(), user_id=principal.user_id, number=number
            )
            await connection.execute(AUDIT.insert(), row)
    _, found = await export(services, principal)

    assert [event["details"] for event in found["events"][:-1]] == [{"number": n} for n in range(events)]


async def test_an_export_is_written_down_and_there_are_not_too_many(services: Services) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    for _ in range(20):
        await export(services, principal)
    with pytest.raises(RateLimited):
        await export(services, principal)

    assert len(await audited(services, "data_exported")) == 20


async def test_of_a_deleted_account_there_is_nothing(services: Services) -> None:
    await register(services)
    principal = await principal_of(services, await open_cookie(services))
    await services.deletion.delete(context(), principal, EMAIL)

    with pytest.raises(SessionEnded):
        await export(services, principal)
