"""The address of a client: how it is recorded, searched for, and reported when it cannot be read."""

import pytest
from structlog.testing import capture_logs

from autograph_web.admin.user_summary import Role
from autograph_web.container import Services
from autograph_web.sessions.store import SESSIONS
from tests.support.clients.http import CREDENTIALS, bearer, sign_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, WRONG, audited, register, rows
from tests.support.services.operators import OPERATOR

BEHIND_ONE = pytest.mark.parametrize("settings_changes", [{"trusted_proxy_hops": 1}])
BEHIND_ONE_OF_RFC_7239 = pytest.mark.parametrize(
    "settings_changes", [{"trusted_proxy_hops": 1, "forwarded_header": "Forwarded"}]
)


async def written(services: Services) -> set[str]:
    return {row.ip for row in await audited(services, "login_failed")}


async def guess(connect: Connect, ip: str = "10.0.0.1", **headers: str) -> int:
    answer = await connect(ip, **headers).post("/login", json={"email": EMAIL, "password": WRONG})
    return answer.status_code


@pytest.mark.parametrize("peer", ["::ffff:192.0.2.9", "192.0.2.9", "::FFFF:c000:209"])
async def test_an_ipv4_client_is_written_down_alike_over_every_socket(
    connect: Connect, services: Services, peer: str
) -> None:
    assert await guess(connect, peer) == 401
    assert await written(services) == {"192.0.2.9"}


@BEHIND_ONE
async def test_a_gateway_that_adds_ports_keeps_clients_apart(connect: Connect, services: Services) -> None:
    for number in range(8):
        assert await guess(connect, **{"X-Forwarded-For": f"203.0.113.{number}:5{number}234"}) in (401, 429)

    assert await written(services) == {f"203.0.113.{number}" for number in range(5)}


@BEHIND_ONE_OF_RFC_7239
async def test_a_proxy_of_rfc_7239_is_understood_and_the_other_header_is_a_claim(
    connect: Connect, services: Services
) -> None:
    headers = {"Forwarded": 'for="[2001:DB8::7]:4711";proto=https', "X-Forwarded-For": "6.6.6.6"}
    assert await guess(connect, **headers) == 401
    assert await written(services) == {"2001:db8::7"}


@BEHIND_ONE
async def test_a_household_with_ipv6_has_one_budget(connect: Connect) -> None:
    await sign_up(connect(**{"X-Forwarded-For": "198.51.100.1"}))
    for number in range(5):
        body = {"email": f"person{number}@northwind.dev", "password": WRONG}
        guessing = connect(**{"X-Forwarded-For": f"[2001:db8:0:1::{number}]:40{number}"})
        await guessing.post("/login", json=body)
    neighbour = connect(**{"X-Forwarded-For": "2001:db8:0:1:ffff::1"})
    street = connect(**{"X-Forwarded-For": "2001:db8:0:2::1"})

    assert (await neighbour.post("/login", json=CREDENTIALS)).status_code == 429
    assert (await street.post("/login", json=CREDENTIALS)).status_code == 200


async def test_the_audit_log_is_searched_by_any_spelling_of_an_address(
    connect: Connect, services: Services
) -> None:
    client = connect("2001:db8::7")
    account = await sign_up(client)
    person = await services.user_directory.find(str(account["id"]))
    await services.user_actions.set_role(OPERATOR, person.id, Role.ADMIN)
    header = bearer(await sign_in(client))
    assert await guess(connect, "::ffff:192.0.2.9") == 401

    async def found(ip: str) -> set[str]:
        answer = await client.get("/admin/audit", params={"ip": ip}, headers=header)
        return {event["ip"] for event in answer.json()["events"]}

    assert await found("::ffff:192.0.2.9") == await found("192.0.2.9:80") == {"192.0.2.9"}
    assert await found("2001:0DB8:0::7") == {"2001:db8::7"}
    assert await found("2001:db8::8") == await found("nowhere") == set()


@BEHIND_ONE
async def test_an_address_that_cannot_be_read_is_logged_once_in_ten_minutes(
    connect: Connect, services: Services, clock: FakeClock
) -> None:
    with capture_logs() as logs:
        for forwarded in ("_hidden", "unknown", "garbage"):
            await guess(connect, **{"X-Forwarded-For": forwarded})
        clock.advance(601)
        await guess(connect)
        await guess(connect, **{"X-Forwarded-For": "203.0.113.9"})
    told = [line for line in logs if line["event"] == "client_address_unknown"]

    assert [line["trouble"] for line in told] == ["the entry is no IP address", "the header is missing"]
    assert {line["header"] for line in told} == {"x-forwarded-for"}


async def test_the_address_of_a_sign_in_is_the_clients(connect: Connect, services: Services) -> None:
    await register(services)
    client = connect("2001:db8::9", **{"X-Forwarded-For": "198.51.100.1"})
    await client.post("/login", json=CREDENTIALS)

    assert (await rows(services, SESSIONS))[0].ip == "2001:db8::9"
