"""Response times do not reveal whether an account exists: both cases do the same work.

The work is compared, not the elapsed time, which a busy machine would disturb. Hashing shows up as processor
time: a complete hash takes more than everything else, and noise can only add to it.
"""

from collections.abc import Awaitable, Callable
from time import process_time

import pytest
from httpx import AsyncClient

from autograph_web.container import Services
from autograph_web.mail.courier import Courier, Outcome
from autograph_web.mail.file_transport import FileTransport
from tests.support.clients.http import sign_up
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow, asked_by_request, statements
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, WRONG
from tests.support.services.randomness import RecordedEntropy

_SAMPLES = 5


async def refused(client: AsyncClient, email: str) -> None:
    response = await client.post("/login", json={"email": email, "password": WRONG})
    assert response.status_code == 401


async def test_a_known_and_an_unknown_email_are_the_same_work(
    connect: Connect, services: Services, redis_window: RedisWindow
) -> None:
    async def work(email: str, ip: str) -> object:
        with statements(services) as seen, redis_window.counting() as commands:
            await refused(connect(ip), email)
        return asked_by_request(seen), commands

    await sign_up(connect())
    await work("somebody@northwind.dev", "192.0.2.1")
    assert await work(EMAIL, "192.0.2.2") == await work("nobody@northwind.dev", "192.0.2.3")


@pytest.mark.parametrize(
    "settings_changes", [{"bcrypt_cost": 10, "limit_login": "1000/15m", "limit_login_account": "1000/15m"}]
)
async def test_either_takes_a_whole_hash(connect: Connect, services: Services) -> None:
    async def least(email: str) -> float:
        spent: list[float] = []
        for _ in range(_SAMPLES):
            began = process_time()
            await refused(connect(), email)
            spent.append(process_time() - began)
        return min(spent)

    await sign_up(connect())
    hashes: list[float] = []
    for _ in range(_SAMPLES):
        began = process_time()
        await services.hasher.verify(WRONG, None)
        hashes.append(process_time() - began)
    for email in (EMAIL, "nobody@northwind.dev"):
        assert await least(email) > 0.75 * min(hashes)


UNKNOWN = "nobody@northwind.dev"
Ask = Callable[[AsyncClient, str], Awaitable[object]]


async def post_form(client: AsyncClient, path: str, email: str) -> object:
    headers = {"Origin": str(client.base_url).rstrip("/")}
    answer = await client.post(path, data={"email": email}, headers=headers)
    return answer.status_code, answer.headers["location"]


async def ask_for_a_reset(client: AsyncClient, email: str) -> object:
    return (await client.post("/password-reset/request", json={"email": email})).json()


async def ask_for_a_reset_by_form(client: AsyncClient, email: str) -> object:
    return await post_form(client, "/recovery/request", email)


async def ask_for_a_verification(client: AsyncClient, email: str) -> object:
    return await post_form(client, "/session/verify-email/send", email)


async def sign_in_wrongly(client: AsyncClient, email: str) -> object:
    return (await client.post("/login", json={"email": email, "password": WRONG})).status_code


@pytest.mark.parametrize(
    "ask",
    [ask_for_a_reset, ask_for_a_reset_by_form, ask_for_a_verification, sign_in_wrongly],
    ids=lambda ask: ask.__name__,
)
async def test_what_follows_the_answer_is_the_same_work_too(
    connect: Connect,
    services: Services,
    clock: FakeClock,
    mailbox: Mailbox,
    redis_window: RedisWindow,
    ask: Ask,
) -> None:
    """The process continues to work after the response, which delays the next request it serves.

    For an unknown address, too, a courier claims, opens and renders an email; only the conversation with the
    mail server is left out.
    """
    await services.courier.close()
    hand = Courier(services.database, services.outbox, mailbox, clock, RecordedEntropy())

    async def work(email: str, ip: str) -> object:
        with statements(services) as seen, redis_window.counting() as commands:
            answer = await ask(connect(ip), email)
            went: list[Outcome] = []
            while not went or went[-1] is not Outcome.NOTHING:
                went.append(await hand.deliver_one())
        asked = [*asked_by_request(seen), *(one for one in seen if "outbox" in one and "INSERT" not in one)]
        return answer, asked, commands, went

    await sign_up(connect())
    await work("somebody@northwind.dev", "192.0.2.1")
    mailbox.empty()
    known, unknown = await work(EMAIL, "192.0.2.2"), await work(UNKNOWN, "192.0.2.3")
    assert known == unknown
    letters = 0 if ask is sign_in_wrongly else 1
    assert [letter.to for letter in mailbox.letters] == [EMAIL] * letters


async def test_a_decoy_is_made_ready_and_reaches_nobody(services: Services, connect: Connect) -> None:
    folder = FileTransport(services.settings.data_dir / "mail", services.settings.mail_from)
    await services.courier.close()
    hand = Courier(services.database, services.outbox, folder, FakeClock(), RecordedEntropy())
    await ask_for_a_reset(connect(), UNKNOWN)

    assert [await hand.deliver_one(), await hand.deliver_one()] == [Outcome.DONE, Outcome.NOTHING]
    assert await folder.newest() == []
    assert (await services.outbox.standing()).waiting == 0
