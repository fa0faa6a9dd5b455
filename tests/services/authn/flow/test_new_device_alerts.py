"""An email about every sign-in from a browser that is new to the account, and the effect of its link."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from autograph_web.accounts.errors import LinkExpired, LinkUnknown, LinkUsed, SessionEnded
from autograph_web.accounts.links import Purpose
from autograph_web.accounts.store import USERS
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.mail.message import MailMessage
from autograph_web.recovery.reclaiming import PasswordLink
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import kill, statements
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    audited,
    change,
    context,
    device_cookie,
    open_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.password_reset import NEW_PASSWORD, choose
from tests.support.services.two_step import challenge, enrol, set_up, start, verify

DAY = 86_400
SUBJECT = "New sign-in to your account"


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> None:
    """A user who registered an hour ago."""
    await register(services)
    clock.advance(3600)


def notices(mailbox: Mailbox) -> list[MailMessage]:
    return [letter for letter in mailbox.letters if letter.subject == SUBJECT]


def token_of(letter: MailMessage) -> str:
    assert letter.action is not None
    address, _, token = letter.action.url.partition("#token=")
    assert address.endswith("/not-me")
    return token


@pytest.mark.usefixtures("mina")
async def test_a_new_browser_is_told_of(services: Services, mailbox: Mailbox) -> None:
    await prove(services)
    [letter] = notices(mailbox)
    facts = dict(letter.facts)

    assert letter.to == EMAIL
    assert facts["IP address"] == "203.0.113.7"
    assert facts["Device"] == "Firefox 140 on Linux"


@pytest.mark.usefixtures("mina")
async def test_a_known_browser_is_not(services: Services, mailbox: Mailbox) -> None:
    grant = await prove(services)
    mailbox.empty()
    await prove(services, device=device_cookie(services, grant), ip="192.0.2.9")

    assert notices(mailbox) == []


@pytest.mark.usefixtures("mina")
async def test_the_cookie_of_another_account_makes_no_browser_known(
    services: Services, mailbox: Mailbox
) -> None:
    await prove(services, device=services.device_cookies.issue("noor@northwind.dev"))

    assert len(notices(mailbox)) == 1


async def test_a_sign_in_right_after_registration_is_not_reported(
    services: Services, mailbox: Mailbox
) -> None:
    account = await register(services)
    await services.sign_in.after_registration(context(), account)
    await prove(services)

    assert notices(mailbox) == []


@pytest.mark.usefixtures("mina")
async def test_a_script_is_told_of_once_a_day(
    services: Services, mailbox: Mailbox, settings: Settings
) -> None:
    for _ in range(3):
        await open_pair(services)
    assert len(notices(mailbox)) == 1

    await prove(services, ip="192.0.2.9")
    await services.sign_in.start(context(agent="curl/8.0"), _wish())
    assert len(notices(mailbox)) == 3


def _wish() -> SignInInput:
    return SignInInput.model_validate({"email": EMAIL, "password": PASSWORD})


@pytest.mark.usefixtures("mina")
async def test_a_notification_repeats_no_query_of_the_sign_in(services: Services, mailbox: Mailbox) -> None:
    with statements(services) as seen:
        await prove(services)

    assert len(notices(mailbox)) == 1
    begun = next(place for place, one in enumerate(seen) if one.startswith("UPDATE users"))
    assert not [one for one in seen[begun:] if "FROM users" in one]


@pytest.mark.usefixtures("mina")
async def test_of_twenty_at_once_one_is_told_of(services: Services, mailbox: Mailbox) -> None:
    await asyncio.gather(*(prove(services) for _ in range(20)))

    assert len(notices(mailbox)) == 1


async def test_with_two_steps_the_second_is_told_of(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    clock.advance(3600)
    token = await challenge(services)
    assert notices(mailbox) == []
    await verify(services, mina.phone.code(clock.seconds()), token)
    assert len(notices(mailbox)) == 1


async def test_a_trusted_browser_is_known(services: Services, mailbox: Mailbox, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    trusted = await services.trusted_devices.trust(context(), mina.user_id)
    clock.advance(3600)
    await start(services, trusted=trusted)

    assert notices(mailbox) == []


@pytest.mark.usefixtures("mina")
@pytest.mark.parametrize("agent", ["é" * 512, '"' * 512, "\\" * 512, "🎻" * 512, ""])
async def test_any_agent_fits(services: Services, mailbox: Mailbox, agent: str) -> None:
    await services.sign_in.start(context(agent=agent), _wish())
    [letter] = notices(mailbox)

    assert (await services.sign_in_disavowal.describe(token_of(letter))).user_agent == agent[:256]


# --- Disavowing it. ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mina")
async def test_the_link_ends_every_session_and_opens_a_new_password(
    services: Services, mailbox: Mailbox
) -> None:
    owner = services.device_cookies.issue(EMAIL)
    own = await services.sessions.open_for_browser(context(), await prove(services, device=owner))
    stranger = await open_cookie(services)
    token = token_of(notices(mailbox)[0])
    assert (await services.sign_in_disavowal.describe(token)).ip == "203.0.113.7"
    assert await services.sessions.authenticate_cookie(stranger)
    another, under_way = await open_pair(services), await prove(services)
    reset = (await services.sign_in_disavowal.refuse(context(), token)).token

    for cookie in (stranger, own.cookie):
        with pytest.raises(SessionEnded):
            await services.sessions.authenticate_cookie(cookie)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(another.access_token)
    with pytest.raises(SessionEnded):
        await services.sessions.open_for_browser(context(), under_way)
    [event] = await audited(services, "sign_in_refused")
    assert (event.details["revoked"], event.details["api_keys"]) == (3, 0)
    await choose(services, reset)
    assert await prove(services, password=NEW_PASSWORD)


@pytest.mark.usefixtures("mina")
async def test_a_scripts_tokens_end_with_it(services: Services, mailbox: Mailbox) -> None:
    pair = await open_pair(services)
    await services.sign_in_disavowal.refuse(context(), token_of(notices(mailbox)[0]))

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(pair.access_token)
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)


@pytest.mark.usefixtures("mina")
async def test_of_twenty_that_take_it_back_one_gets_a_link(services: Services, mailbox: Mailbox) -> None:
    await open_cookie(services)
    token = token_of(notices(mailbox)[0])
    outcomes = await asyncio.gather(
        *(services.sign_in_disavowal.refuse(context(), token) for _ in range(20)), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {PasswordLink: 1, LinkUsed: 19}
    assert len(await audited(services, "sign_in_refused")) == 1


@pytest.mark.usefixtures("mina")
async def test_the_link_is_good_for_three_days(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await open_cookie(services, remember=True)
    token = token_of(notices(mailbox)[0])
    clock.advance(3 * DAY - 1)
    assert await services.sign_in_disavowal.describe(token)
    clock.advance(1)

    with pytest.raises(LinkExpired):
        await services.sign_in_disavowal.describe(token)
    with pytest.raises(LinkExpired):
        await services.sign_in_disavowal.refuse(context(), token)


@pytest.mark.usefixtures("mina")
async def test_a_link_for_a_password_takes_nothing_back(services: Services, mailbox: Mailbox) -> None:
    cookie = await open_cookie(services)
    token = token_of(notices(mailbox)[0])
    with pytest.raises(LinkUnknown):
        await choose(services, token)
    await services.password_reset.request(context(), EMAIL)
    reset = mailbox.link_to(EMAIL).partition("#token=")[2]
    with pytest.raises(LinkUnknown):
        await services.sign_in_disavowal.refuse(context(), reset)

    assert await services.sessions.authenticate_cookie(cookie)


@pytest.mark.usefixtures("mina")
async def test_a_locked_account_hands_out_no_link(services: Services, mailbox: Mailbox) -> None:
    await open_cookie(services)
    await change(services, USERS, status="locked")

    with pytest.raises(LinkUnknown):
        await services.sign_in_disavowal.refuse(context(), token_of(notices(mailbox)[0]))


async def test_without_redis_it_is_told_and_not_taken_back_by_halves(
    settings: Settings,
    own_redis: EmbeddedRedis,
    open_services: OpenServices,
    mailbox: Mailbox,
    clock: FakeClock,
) -> None:
    services = await open_services(settings.model_copy(update={"redis_url": own_redis.url}))
    await register(services)
    clock.advance(3600)
    kill(own_redis)
    cookie = await open_cookie(services)
    token = token_of(notices(mailbox)[0])
    with pytest.raises(Unavailable):
        await services.sign_in_disavowal.refuse(context(), token)
    assert await services.sessions.authenticate_cookie(cookie)

    own_redis.start()
    clock.advance(2)
    reset = (await services.sign_in_disavowal.refuse(context(), token)).token
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)
    assert await services.links.peek(Purpose.PASSWORD_RESET, reset)


@pytest.mark.usefixtures("mina")
@pytest.mark.parametrize("since", [True, False])
async def test_a_factor_set_up_since_that_sign_in_goes_with_it(
    services: Services, mailbox: Mailbox, clock: FakeClock, since: bool
) -> None:
    before = clock.now()
    stranger = await open_pair(services)
    token = token_of(notices(mailbox)[0])
    clock.advance(60)
    principal = await services.sessions.authenticate_token(stranger.access_token)
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    if not since:
        await change(services, FACTORS, activated_at=before - timedelta(seconds=1))
    reset = (await services.sign_in_disavowal.refuse(context(), token)).token

    assert (await services.second_factors.status(principal.user_id)).enabled is not since
    told = [event.details for event in await audited(services, "mfa_disabled")]
    assert told == ([{"reason": "refused"}] if since else [])
    assert await choose(services, reset)
    if since:
        assert await prove(services, password=NEW_PASSWORD)
