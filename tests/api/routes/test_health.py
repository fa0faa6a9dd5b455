"""The probes, and responses while a dependency is unavailable."""

import pytest
from httpx import ASGITransport, AsyncClient

from autograph_web.container import Services
from autograph_web.front import build_front
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.mail.message import MailMessage
from autograph_web.settings import Settings
from tests.support.clients.http import CREDENTIALS, assert_problem, bearer, sign_in, sign_up
from tests.support.services.app import PAGES, OpenServices, inner_app
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD


async def test_the_process_is_alive(api: AsyncClient) -> None:
    response = await api.get("/health/live")

    assert (response.status_code, response.json()["status"]) == (200, "ok")


async def test_the_process_is_ready(api: AsyncClient) -> None:
    response = await api.get("/health/ready")

    assert response.status_code == 200
    checks = {"database": True, "redis": True, "schema": True}
    assert response.json() == {"status": "ok", "checks": checks, "mail_is_late": False}


async def test_mail_that_does_not_leave_is_told_but_makes_nobody_unready(
    api: AsyncClient, services: Services, clock: FakeClock
) -> None:
    await services.courier.close()
    async with services.database.unit() as connection:
        await services.outbox.post(connection, MailMessage(EMAIL, "Hello", ("Hello.",)))
    clock.advance(299)
    assert (await api.get("/health/ready")).json()["mail_is_late"] is False
    clock.advance(2)
    response = await api.get("/health/ready")

    assert (response.status_code, response.json()["mail_is_late"]) == (200, True)


async def test_without_redis_the_process_is_not_ready_but_alive(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices
) -> None:
    await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    transport = ASGITransport(build_front(inner_app, PAGES), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        await sign_up(client)
        pair = await sign_in(client)
        own_redis.stop()
        ready = await client.get("/health/ready")

        assert (ready.status_code, ready.headers["retry-after"]) == (503, "2")
        checks = {"database": True, "redis": False, "schema": True}
        answer = ready.json()
        details = answer.pop("details")["redis"]
        assert details == {"error": "ConnectionError", "trouble": "away"}, "for an operator"
        assert answer == {"status": "unavailable", "checks": checks, "mail_is_late": None}
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/me", headers=bearer(pair))).status_code == 200
        assert_problem(await client.post("/logout", headers=bearer(pair)), 503, "unfinished")
        assert_problem(await client.get("/me", headers=bearer(pair)), 401, "session_ended")


async def test_without_a_database_every_call_says_when_to_come_back(
    settings: Settings, open_services: OpenServices
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    await open_services(settings.model_copy(update={"database_url": nowhere}))
    transport = ASGITransport(build_front(inner_app, PAGES), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        assert_problem(await client.post("/login", json=CREDENTIALS), 503, "unavailable")
        assert_problem(await client.post("/register", json=CREDENTIALS), 503, "unavailable")
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        assert_problem(await client.post("/token", data=form), 503, "unavailable")
        assert (await client.get("/health/ready")).json()["checks"] == {"database": False, "redis": True}


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_probe_may_ask_for_the_head_alone(api: AsyncClient, path: str) -> None:
    whole, head = await api.get(path), await api.head(path)

    assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])
