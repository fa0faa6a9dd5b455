"""A full journey with two-step verification, after which its secrets must not be found anywhere."""

import io
import re
from base64 import b32decode
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from autograph_web.container import Services
from autograph_web.infra.one_time_secrets import OneTimeSecret
from autograph_web.schema import metadata
from tests.support.clients.authenticator import PERIOD_S
from tests.support.clients.http import CREDENTIALS, bearer, cookies_set
from tests.support.clients.two_step import challenge, enrol, verify
from tests.support.runner.logging_setup import captured_log
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD

_FILLED = {
    "users",
    "sessions",
    "refresh_tokens",
    "audit_log",
    "totp_factors",
    "recovery_codes",
    "trusted_devices",
}


@pytest.fixture
def log() -> Generator[io.StringIO]:
    """Everything the process logs, at the most verbose level."""
    with captured_log("DEBUG", "text") as output:
        yield output


@dataclass
class Secrets:
    """What was handed out during the journey and must not be found."""

    texts: list[str] = field(default_factory=list[str])
    codes: list[str] = field(default_factory=list[str])

    def found_in(self, text: str) -> list[str]:
        shown = [secret for secret in self.texts if secret in text]
        return shown + [code for code in self.codes if re.search(rf"(?<![\w-]){code}(?![\w-])", text)]


async def journey(browser: AsyncClient, api: AsyncClient, services: Services, clock: FakeClock) -> Secrets:
    """Do everything that stores something."""
    member = await enrol(api, clock)
    phone, told = member.phone, Secrets([PASSWORD])
    now = clock.seconds()
    told.codes += [phone.code(now + away * PERIOD_S) for away in range(-1, 4)] + [phone.wrong_code(now)]
    told.codes += ["987654", "31415"]
    token = await challenge(api)
    for code in (phone.wrong_code(now), "987654", "31415", "0000-0000-0000-0000", member.paper[0].upper()):
        answer = await verify(api, code, token)
    fresh = answer.json()
    setup = (await api.post("/mfa/setup", headers=bearer(fresh))).json()
    await api.post("/mfa/enable", json={"code": "31415"}, headers=bearer(fresh))
    await api.post("/mfa/enable", json={"code": "987654"}, headers=bearer(fresh))
    paper = (await api.post("/mfa/recovery-codes", headers=bearer(fresh))).json()["recovery_codes"]
    waiting = cookies_set(await browser.post("/session/sign-in", data=CREDENTIALS))
    answer = await browser.post("/session/verify", data={"code": phone.code(now), "trust_device": "on"})
    opened = cookies_set(answer)
    principal = await services.sessions.authenticate_cookie(opened["autograph_session"].value)
    note: OneTimeSecret = {"secret": setup["secret"], "recovery_codes": paper}
    tickets = [await services.one_time_secrets.put(principal.user_id, note) for _ in range(2)]
    await browser.post("/session/reveal", data={"ticket": tickets[0]})
    pending = await challenge(api)
    await browser.get("/broken")
    for key in (phone.key, setup["secret"]):
        told.texts += [key, b32decode(key).hex(), str(b32decode(key))]
    for code in (*member.paper, *paper):
        told.texts += [code, code.upper(), code.replace("-", ""), code.replace("-", "").upper()]
    told.texts += [token, pending, *tickets, setup["qr_code"], waiting["autograph_challenge"].value]
    told.texts += [one.value for one in opened.values() if one.value]
    for pair in (member.tokens, fresh):
        told.texts += [pair[name].rpartition(".")[2] for name in ("access_token", "refresh_token")]
    assert all(len(text) > 15 for text in told.texts)
    return told


async def in_database(services: Services) -> str:
    kept: list[str] = []
    async with services.database.read() as connection:
        for table in metadata().sorted_tables:
            found = list(await connection.execute(select(table)))
            assert found or table.name not in _FILLED, f"the journey left nothing in {table.name}"
            kept += [
                f"{column}={value}"
                for row in found
                for column, value in zip(table.columns.keys(), row, strict=True)
            ]
    return "\n".join(kept)


def in_redis(window: RedisWindow) -> str:
    return "\n".join(f"{key}={_value(window.client, key)}" for key in list(window.keys()))


def _value(client: Any, key: str) -> Any:
    kind = client.type(key)
    assert kind in (b"string", b"zset"), f"say how to read a {kind!r}"
    return client.get(key) if kind == b"string" else client.zrange(key, 0, -1, withscores=True)


async def test_no_secret_is_found_in_the_database_in_redis_or_in_the_log(
    connect: Connect, services: Services, clock: FakeClock, redis_window: RedisWindow, log: io.StringIO
) -> None:
    browser = connect(origin=services.settings.base_url, Accept="text/html")
    told = await journey(browser, connect(), services, clock)
    places = {
        "database": await in_database(services),
        "redis": in_redis(redis_window),
        "log": log.getvalue(),
    }

    assert "unhandled_error" in places["log"], "the journey must leave something in the log"
    assert {name: told.found_in(text) for name, text in places.items()} == {name: [] for name in places}


async def test_every_redis_key_of_two_step_verification_runs_out_and_names_nobody(
    connect: Connect, services: Services, clock: FakeClock, redis_window: RedisWindow
) -> None:
    browser = connect(origin=services.settings.base_url, Accept="text/html")
    told = await journey(browser, connect(), services, clock)
    lifetimes = redis_window.lifetimes()

    kinds = {key.partition(":")[0] for key in lifetimes}
    assert {"mfa_challenge", "mfa_pending", "note", "rate_limit", "session"} <= kinds
    assert [key for key, left in lifetimes.items() if left <= 0] == []
    assert EMAIL not in "\n".join(lifetimes)
    assert told.found_in("\n".join(lifetimes)) == []


def test_the_search_finds_what_it_looks_for() -> None:
    told = Secrets(["a-secret-of-some-length"], ["123456"])

    for text in ("x=a-secret-of-some-length", "code: 123456.", "'123456'", "[123456]"):
        assert told.found_in(text)
    assert told.found_in("1234567 a123456f 0.1234560") == []
