"""GET /metrics: who may read it, and that the metrics match what happened."""

from contextlib import suppress

import pytest
from httpx import AsyncClient

from autograph_web.audit.event_types import EventType
from autograph_web.container import Services
from autograph_web.mail.message import MailMessage
from tests.support.clients.http import assert_problem, bearer, sign_in, sign_up
from tests.support.metrics.scraping import HERE, Scrape, grown, value
from tests.support.product.sources import product_modules
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, WRONG, context

TOKEN = "a-token-of-the-monitoring-system-0123456789"
WITH_TOKEN = {"metrics_token": TOKEN}
ELSEWHERE = "203.0.113.7"


@pytest.mark.parametrize("path", [HERE, "::1", "::ffff:127.0.0.1"])
async def test_a_program_on_this_machine_may_read(connect: Connect, path: str) -> None:
    assert (await connect(ip=path).get("/metrics")).status_code == 200


@pytest.mark.parametrize("settings_changes", [{}, {"trusted_proxy_hops": 1}, {"trusted_proxy_hops": 2}])
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (ELSEWHERE, {}),
        (ELSEWHERE, {"X-Forwarded-For": HERE}),
        (ELSEWHERE, {"X-Forwarded-For": f"{HERE}, {HERE}"}),
        (ELSEWHERE, {"Forwarded": f"for={HERE}", "X-Real-IP": HERE}),
        (HERE, {"X-Forwarded-For": ELSEWHERE}),
        (HERE, {"X-Forwarded-For": HERE}),
        (HERE, {"X-Forwarded-For": ""}),
        (HERE, {"X-Forwarded-Proto": "https"}),
        (HERE, {"Via": "1.1 proxy"}),
        (HERE, {"Host": "accounts.example.com"}),
        ("not an address", {}),
    ],
    ids=str,
)
async def test_all_other_clients_get_404(connect: Connect, peer: str, headers: dict[str, str]) -> None:
    client = connect(ip=peer, **headers)
    assert_problem(await client.get("/metrics"), 404, "not_found")
    assert_problem(
        await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}), 404, "not_found"
    )


@pytest.mark.parametrize("settings_changes", [WITH_TOKEN])
@pytest.mark.parametrize("peer", [HERE, ELSEWHERE])
async def test_with_a_token_it_is_the_token_that_counts(connect: Connect, peer: str) -> None:
    client = connect(ip=peer)
    assert (await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 200
    assert (await client.get("/metrics", headers={"Authorization": f"bearer {TOKEN}"})).status_code == 200
    for wrong in (
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer ",
        "Bearer é",
    ):
        refused = await client.get("/metrics", headers={b"Authorization": wrong.encode()})
        assert_problem(refused, 401, "not_authenticated")
    assert_problem(await client.get("/metrics"), 401, "not_authenticated")


@pytest.mark.parametrize("settings_changes", [WITH_TOKEN])
async def test_no_account_opens_the_figures(connect: Connect) -> None:
    client = connect(ip=HERE)
    await sign_up(client)
    pair = await sign_in(client)
    assert_problem(await client.get("/metrics", headers=bearer(pair)), 401, "not_authenticated")


async def test_every_kind_of_event_is_known_from_the_start(services: Services, scrape: Scrape) -> None:
    figures = await scrape()
    for kind in EventType:
        labels = frozenset({("kind", kind.value), ("group", kind.group.value)})
        assert ("autograph_events_total", labels) in figures


async def test_an_event_counts_whatever_its_kind(services: Services, scrape: Scrape) -> None:
    times = {kind: 1 + number % 3 for number, kind in enumerate(EventType)}
    before = await scrape()
    for kind, count in times.items():
        for _ in range(count):
            await services.audit_log.record_alone(kind, context())
    after = await scrape()

    for kind, count in times.items():
        labels = {"kind": kind.value, "group": kind.group.value}
        name = "autograph_events_total"
        assert value(after, name, **labels) - value(before, name, **labels) == count, kind


async def test_an_event_that_was_rolled_back_does_not_count(services: Services, scrape: Scrape) -> None:
    async def fail() -> None:
        with suppress(ZeroDivisionError):
            async with services.database.unit() as connection:
                await services.audit_log.record(connection, EventType.LOGOUT, context())
                raise ZeroDivisionError

    assert await grown(scrape, fail(), "autograph_events_total", kind="logout", group="sign_in") == 0


async def test_sign_ins_are_counted_by_outcome(api: AsyncClient, scrape: Scrape, clock: FakeClock) -> None:
    await sign_up(api)
    before = await scrape()
    pair = await sign_in(api)
    await api.post("/login", json={"email": EMAIL, "password": WRONG})
    await api.post("/refresh", json={"refresh_token": pair["refresh_token"]})
    clock.advance(11)
    await api.post("/refresh", json={"refresh_token": pair["refresh_token"]})
    after = await scrape()

    for kind, group in (
        ("login_success", "sign_in"),
        ("login_failed", "sign_in"),
        ("token_refreshed", "tokens"),
        ("token_reuse_detected", "tokens"),
    ):
        labels = {"kind": kind, "group": group}
        name = "autograph_events_total"
        assert value(after, name, **labels) - value(before, name, **labels) == 1, kind


async def test_refusals_are_counted_by_limit(api: AsyncClient, scrape: Scrape) -> None:
    async def guess() -> None:
        for _ in range(7):
            await api.post("/login", json={"email": EMAIL, "password": WRONG})

    assert await grown(scrape, guess(), "autograph_limit_refusals_total", limit="login") == 2


async def test_requests_are_timed_by_template_and_class(api: AsyncClient, scrape: Scrape) -> None:
    name = "autograph_request_duration_seconds_count"

    async def ask() -> None:
        for number in range(3):
            await api.delete(f"/api-keys/{number}")

    labels = {"method": "DELETE", "route": "/api-keys/{key_id}", "status": "4xx"}
    assert await grown(scrape, ask(), name, **labels) == 3
    labels = {"method": "GET", "route": "/me", "status": "4xx"}
    assert await grown(scrape, api.get("/me"), name, **labels) == 1
    labels = {"method": "GET", "route": "/login", "status": "2xx"}
    assert await grown(scrape, api.get("/login/", headers={"Accept": "text/html"}), name, **labels) == 1


async def test_strangers_cannot_add_labels(api: AsyncClient, scrape: Scrape) -> None:
    before = set(await scrape())

    async def probe(tag: str) -> set[object]:
        for path in (f"/{tag}", f"/{tag}.php", f"/me/{tag}", f"/_event/{tag}", f"/login/{tag}", f"//{tag}"):
            await api.get(path)
            await api.request("BREW" + tag.upper(), path)
            await api.post(path, json={"x": tag}, headers={"X-Request-ID": tag, "User-Agent": tag})
        return set(await scrape())

    once = await probe("aaa")
    assert await probe("bbb") == once, "a second round adds nothing"
    assert not any("aaa" in str(key).lower() for key in once - before)


async def test_hashing_is_timed_and_its_queue_empties(api: AsyncClient, scrape: Scrape) -> None:
    assert await grown(scrape, sign_up(api), "autograph_hash_duration_seconds_count") == 1
    figures = await scrape()
    assert value(figures, "autograph_hash_queue") == 0
    assert value(figures, "autograph_hash_wait_seconds_count") > 0


async def test_the_outbox_and_the_chain_are_looked_up(
    services: Services, clock: FakeClock, scrape: Scrape
) -> None:
    await services.courier.close()
    await services.audit_chain.close()
    async with services.database.unit() as connection:
        await services.outbox.post(connection, MailMessage(EMAIL, "Hello", ("Hello.",)))
    await services.audit_log.record_alone(EventType.LOGOUT, context())
    await services.audit_log.record_alone(EventType.LOGOUT, context())
    clock.advance(70)
    figures = await scrape()

    assert value(figures, "autograph_outbox_letters", state="waiting") == 1
    assert value(figures, "autograph_outbox_letters", state="failed") == 0
    assert value(figures, "autograph_outbox_oldest_seconds") == 70
    assert value(figures, "autograph_audit_chain_unlinked") == 2
    assert value(figures, "autograph_audit_chain_lag_seconds") == 70
    await services.audit_chain.link_all()
    assert value(await scrape(), "autograph_audit_chain_unlinked") == 0


async def test_a_letter_that_leaves_is_counted(services: Services, scrape: Scrape) -> None:
    await services.courier.close()

    async def send() -> None:
        async with services.database.unit() as connection:
            await services.outbox.post(connection, MailMessage(EMAIL, "Hello", ("Hello.",)))
        await services.courier.deliver_one()

    assert await grown(scrape, send(), "autograph_letters_total", outcome="sent") == 1


async def test_the_connections_in_use_are_counted(services: Services, scrape: Scrape) -> None:
    name = "autograph_database_connections_in_use"
    idle = value(await scrape(), name)
    async with services.database.read(), services.database.read():
        assert value(await scrape(), name) == idle + 2
    assert value(await scrape(), name) == idle


async def test_the_build_and_the_memory_are_told(scrape: Scrape) -> None:
    figures = await scrape()
    [sizes] = [size for (name, _), size in figures.items() if name == "autograph_worker_resident_bytes"]
    assert 20e6 < sizes < 2e9
    [build] = [dict(labels) for name, labels in figures if name == "autograph_build_info"]
    assert build["version"] == "3.0.0"


def test_whoever_writes_an_event_by_itself_counts_it() -> None:
    """The counter is in `record`; a statement in a store must be followed by `count_event`."""
    own = [module for module in product_modules() if ".audit_log.row(" in module.source]
    assert own, "the rotation of tokens writes its event by itself"
    assert [module.name for module in own if "count_event(" not in module.source] == []


async def test_the_head_of_the_figures_is_for_operators_as_well(connect: Connect) -> None:
    here = connect("127.0.0.1", Host="localhost:3000")
    assert (await here.head("/metrics")).status_code == 200
    assert (await connect().head("/metrics")).status_code == 404
