"""Traces: what a collector learns about a request, which processes report it, and what is never reported."""

import asyncio
from uuid import UUID

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from autograph_web.infra.telemetry import tracing
from autograph_web.mail.message import MailMessage
from autograph_web.settings import Settings
from tests.support.clients.authenticator import Authenticator
from tests.support.clients.http import CREDENTIALS, bearer, cookies_set, sign_in, sign_up
from tests.support.servers.trace_collector import Collector
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, WRONG

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def services(settings: Settings, collector: Collector, open_services: OpenServices) -> Services:
    """Services that send traces to the collector."""
    return await open_services(
        settings.model_copy(update={"otel_exporter_otlp_endpoint": collector.endpoint})
    )


async def arrived() -> None:
    """Wait until the collector has everything."""
    await asyncio.to_thread(tracing.end)


async def test_a_sign_in_is_one_trace_from_the_request_to_the_statement(
    api: AsyncClient, collector: Collector
) -> None:
    await sign_up(api)
    answer = await api.post("/login", json=CREDENTIALS)
    await arrived()

    assert collector.paths == {"/v1/traces"}
    [top] = collector.named("POST /login")
    below = {span.name for span in collector.under(top)}
    assert {"SignIn.start", "Tokens.open_for_client", "hash password", "sql SELECT", "sql INSERT"} <= below
    assert {"redis EVALSHA"} <= below
    assert top.service == "autograph-web"
    assert {span.trace for span in collector.under(top)} == {top.trace}
    assert top.attributes["http.route"] == "/login"
    assert top.attributes["http.response.status_code"] == 200
    assert UUID(top.attributes["autograph.request_id"]) == UUID(answer.headers["x-request-id"])
    statements = [span for span in collector.under(top) if span.name == "sql INSERT"]
    assert {"audit_log", "sessions"} <= {span.attributes["db.collection.name"] for span in statements}


async def test_a_refusal_names_its_code_and_is_no_failure(api: AsyncClient, collector: Collector) -> None:
    await api.post("/login", json={"email": EMAIL, "password": WRONG})
    await arrived()

    [case] = collector.named("SignIn.start")
    assert (case.attributes["error.type"], case.failed) == ("invalid_credentials", False)


async def test_a_fault_of_ours_is_a_failure_without_its_words(
    browser: AsyncClient, collector: Collector
) -> None:
    assert (await browser.get("/broken?token=abcdefgh")).status_code == 500
    await arrived()

    [top] = [span for span in collector.spans if span.attributes.get("http.response.status_code") == 500]
    assert top.failed
    assert b"a detail nobody outside may see" not in collector.raw
    assert b"abcdefgh" not in collector.raw


@pytest.mark.parametrize(("settings_changes", "trusted"), [({}, False), ({"trusted_proxy_hops": 1}, True)])
async def test_a_trace_is_gone_on_with_if_a_proxy_we_trust_can_have_begun_it(
    api: AsyncClient, collector: Collector, trusted: bool
) -> None:
    await api.get("/health/live", headers={"traceparent": PARENT, "baggage": "user=mina"})
    await arrived()

    [top] = collector.named("GET /health/live")
    assert (top.trace == TRACE) is trusted
    assert bool(top.parent) is trusted
    assert b"mina" not in collector.raw


@pytest.mark.parametrize("settings_changes", [{"trusted_proxy_hops": 1}])
@pytest.mark.parametrize("broken", ["", "00-0-0-01", "x" * 5000, f"{PARENT}-extra", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"], ids=range(5))  # fmt: skip  # noqa: E501
async def test_a_broken_trace_context_begins_a_new_trace(
    api: AsyncClient, collector: Collector, broken: str
) -> None:
    assert (await api.get("/health/live", headers={"traceparent": broken})).status_code == 200
    await arrived()

    [top] = collector.named("GET /health/live")
    assert not top.parent


async def test_a_delivery_is_traced_without_its_recipient(services: Services, collector: Collector) -> None:
    await services.courier.close()
    async with services.database.unit() as connection:
        await services.outbox.post(connection, MailMessage(EMAIL, "A subject line", ("Hello.",)))
    await services.courier.deliver_one()
    await arrived()

    assert len(collector.named("deliver letter")) == 1
    assert EMAIL.encode() not in collector.raw
    assert b"A subject line" not in collector.raw


async def test_traces_hold_no_secrets_and_no_personal_data(
    api: AsyncClient, browser: AsyncClient, collector: Collector, clock: FakeClock
) -> None:
    await sign_up(api)
    pair = await sign_in(api)
    setup = (await api.post("/mfa/setup", headers=bearer(pair))).json()
    code = Authenticator.open(setup["provisioning_uri"]).code(clock.seconds())
    enabled = await api.post("/mfa/enable", json={"code": code}, headers=bearer(pair))
    half = (await api.post("/login", json=CREDENTIALS)).json()
    paper = enabled.json()["recovery_codes"]
    await api.post("/mfa/verify", json={"email": EMAIL, "code": paper[0], "mfa_token": half["mfa_token"]})
    signed_in = await browser.post("/session/sign-in", data=CREDENTIALS)
    await api.get(f"/me?token={pair['access_token']}&email={EMAIL}", headers=bearer(pair))
    await api.post("/password-reset/confirm", json={"token": "t" * 43, "new_password": PASSWORD})
    cookies = [cookie.value for cookie in cookies_set(signed_in).values()]
    await arrived()

    assert len(collector.spans) > 50
    for secret in (EMAIL, PASSWORD, "203.0.113.7", setup["secret"], code, half["mfa_token"], "t" * 43, *paper, *cookies, pair["access_token"], pair["refresh_token"]):  # fmt: skip  # noqa: E501
        assert secret.encode() not in collector.raw, secret
    assert b"WHERE" not in collector.raw, "no statement in full"


async def test_without_being_asked_there_is_no_trace(settings: Settings, open_services: OpenServices) -> None:
    assert not settings.traces
    await open_services(settings)
    assert not tracing.is_on()
    assert tracing.span("anything") is tracing.step("another"), "nothing is made"


@pytest.mark.parametrize(
    ("given", "wanted", "endpoint"),
    [
        ({"otel_exporter_otlp_endpoint": "http://c:4318"}, True, "http://c:4318/v1/traces"),
        ({"otel_exporter_otlp_endpoint": "http://c:4318/"}, True, "http://c:4318/v1/traces"),
        ({"otel_exporter_otlp_traces_endpoint": "http://c/x"}, True, "http://c/x"),
        ({"otel_traces_exporter": "otlp"}, True, None),
        (
            {"otel_exporter_otlp_endpoint": "http://c", "otel_traces_exporter": "none"},
            False,
            "http://c/v1/traces",
        ),
        ({"otel_exporter_otlp_endpoint": "http://c", "otel_sdk_disabled": True}, False, "http://c/v1/traces"),
    ],
    ids=range(6),
)
def test_the_standard_variables_decide(
    settings: Settings, given: dict[str, object], wanted: bool, endpoint: str | None
) -> None:
    chosen = settings.model_copy(update=given)
    assert (chosen.traces, chosen.traces_endpoint) == (wanted, endpoint)
