"""Feature flags, on both databases: their values, for whom they are on, how they change, their effects."""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy.exc import ProgrammingError

from autograph_web.accounts.errors import RegistrationClosed
from autograph_web.accounts.store import USERS
from autograph_web.admin.errors import NotAdmin
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import EmailNotVerified
from autograph_web.container import Services, build_services
from autograph_web.flags.errors import FlagShareInvalid, FlagUnknown, FlagValueInvalid
from autograph_web.flags.flags import share_of
from autograph_web.flags.inputs import parse_flag_change
from autograph_web.flags.store import SWITCHED
from autograph_web.flags.table import (
    EMAIL_VERIFICATION,
    FLAGS,
    PASSWORD_GRANT,
    REGISTRATION_OPEN,
    SIGN_IN_NOTICES,
    TRUSTED_DEVICES,
)
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.mail.store import OUTBOX
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.settings import Settings
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import kill, statements
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    audited,
    change,
    context,
    how_many,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.flags import switch
from tests.support.services.operators import OPERATOR, create
from tests.support.services.two_step import challenge, enrol, principal_of, start, verify

_CHANCE = random.Random(8)
PEOPLE = [UUID(int=_CHANCE.getrandbits(128)) for _ in range(10_000)]
NAMES = [flag.name for flag in FLAGS]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110  (what is waited for happens in another process)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_has_a_setting_that_is_its_default(name: str) -> None:
    default = Settings.model_fields[name].default
    flag = parse_flag_change(name, None).flag
    assert flag.choices[flag.word_of(default)] == default
    assert set(flag.meanings) == set(flag.choices)


@pytest.mark.parametrize(
    "settings_changes",
    [
        {"email_verification": "required", "registration_open": False},
        {"email_verification": "banner", "registration_open": True},
    ],
    ids=["strict", "plain"],
)
async def test_an_unchanged_flag_follows_the_settings(services: Services) -> None:
    settings = services.settings
    assert services.flags.of(EMAIL_VERIFICATION, PEOPLE[0]) == settings.email_verification
    assert services.flags.of(REGISTRATION_OPEN) is settings.registration_open
    assert all(standing.switched is None for standing in await services.flags.all())


async def test_a_switched_flag_says_so_at_once_and_can_be_reset(services: Services) -> None:
    standing = await switch(services, "password_grant", "off")
    assert (standing.word, standing.default, standing.percent) == ("off", "on", 100)
    assert services.flags.of(PASSWORD_GRANT) is False
    await switch(services, "password_grant", "on")
    assert services.flags.of(PASSWORD_GRANT) is True
    standing = await switch(services, "password_grant", None)
    assert (standing.word, standing.switched) == ("on", None)
    assert services.flags.of(PASSWORD_GRANT) is True
    assert await how_many(services, SWITCHED) == 0


async def test_who_changed_what_is_audited_with_before_and_after(services: Services) -> None:
    await switch(services, "trusted_devices", "off", 25)
    await switch(services, "trusted_devices", "off")
    await switch(services, "trusted_devices", None)
    found = [row.details for row in await audited(services, "flag_changed")]
    assert [(one["before"], one["after"]) for one in found] == [
        ("on (default)", "off for 25%"),
        ("off for 25%", "off"),
        ("off", "on (default)"),
    ]
    assert {(one["actor"], one["flag"]) for one in found} == {(OPERATOR.actor, "trusted_devices")}
    assert [one.switched for one in await services.flags.all()] == [None] * len(FLAGS)


async def test_setting_the_current_value_changes_nothing(services: Services, clock: FakeClock) -> None:
    await switch(services, "password_grant", None)
    await switch(services, "password_grant", "off")
    before = await rows(services, SWITCHED)
    clock.advance(60)
    await switch(services, "password_grant", "off")
    assert await rows(services, SWITCHED) == before
    assert len(await audited(services, "flag_changed")) == 1


@pytest.mark.parametrize(
    ("name", "word", "percent", "refusal"),
    [
        ("no_such_flag", "on", 100, FlagUnknown),
        ("", "on", 100, FlagUnknown),
        ("password_grant", "", 100, FlagValueInvalid),
        ("password_grant", "ON", 100, FlagValueInvalid),
        ("password_grant", "true", 100, FlagValueInvalid),
        ("email_verification", "on", 100, FlagValueInvalid),
        ("trusted_devices", "off", -1, FlagShareInvalid),
        ("trusted_devices", "off", 101, FlagShareInvalid),
        ("registration_open", "off", 50, FlagShareInvalid),
        ("password_grant", "off", 0, FlagShareInvalid),
    ],
)
def test_an_invalid_change_is_refused(name: str, word: str, percent: int, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        parse_flag_change(name, word, percent)


async def test_racers_who_switch_a_flag_for_the_first_time_leave_one_row_and_a_true_log(
    services: Services,
) -> None:
    words = ["off", "required"] * 6
    await asyncio.gather(
        *(switch(services, "email_verification", word, 1 + number) for number, word in enumerate(words))
    )
    [row] = await rows(services, SWITCHED)
    log = [row.details for row in await audited(services, "flag_changed")]
    assert len(log) == len(words)
    assert sorted(one["before"] for one in log) == sorted(
        [
            "off (default)",
            *(one["after"] for one in log if one["after"] != f"{row.value} for {row.percent}%"),
        ]
    )


async def test_a_share_of_the_accounts_is_about_that_share_and_always_the_same(services: Services) -> None:
    await switch(services, "sign_in_notices", "off", 30)
    off = {one for one in PEOPLE if not services.flags.of(SIGN_IN_NOTICES, one)}
    assert 2800 < len(off) < 3200
    await services.flags.read()
    assert {one for one in PEOPLE if not services.flags.of(SIGN_IN_NOTICES, one)} == off
    await switch(services, "sign_in_notices", "off", 60)
    more = {one for one in PEOPLE if not services.flags.of(SIGN_IN_NOTICES, one)}
    assert off < more


@pytest.mark.parametrize(("percent", "share"), [(0, 0), (100, len(PEOPLE))])
async def test_zero_percent_is_no_account_and_a_hundred_is_every_account(
    services: Services, percent: int, share: int
) -> None:
    await switch(services, "trusted_devices", "off", percent)
    assert sum(not services.flags.of(TRUSTED_DEVICES, one) for one in PEOPLE) == share


def test_every_flag_selects_its_accounts_independently() -> None:
    shares = [{one for one in PEOPLE if share_of(flag, one) < 50} for flag in FLAGS]
    for number, one in enumerate(shares):
        for other in shares[number + 1 :]:
            assert 2200 < len(one & other) < 2800


def test_the_shares_are_even() -> None:
    places = [share_of(TRUSTED_DEVICES, one) for one in PEOPLE]
    assert set(places) == set(range(100))
    expected = len(PEOPLE) / 100
    chi_squared = sum((places.count(place) - expected) ** 2 / expected for place in range(100))
    assert chi_squared < 150  # one in a thousand fair distributions exceeds that


async def test_another_worker_hears_of_it(
    services: Services, settings: Settings, open_services: OpenServices
) -> None:
    other = await open_services(settings)
    await switch(services, "registration_open", "off")
    await until(lambda: other.flags.of(REGISTRATION_OPEN) is False)
    await switch(other, "registration_open", None)
    await until(lambda: services.flags.of(REGISTRATION_OPEN) is True)


@pytest.mark.slow
async def test_without_redis_people_sign_in_and_flags_still_travel(
    settings: Settings, own_redis: EmbeddedRedis, open_services: OpenServices
) -> None:
    alone = settings.model_copy(update={"redis_url": own_redis.url})
    services, other = await open_services(alone), await open_services(alone)
    await register(services)
    kill(own_redis)
    await switch(services, "sign_in_notices", "off")
    await until(lambda: other.flags.of(SIGN_IN_NOTICES, PEOPLE[0]) is False)
    await prove(other)


async def test_what_was_never_read_is_not_guessed(settings: Settings) -> None:
    built = build_services(settings)
    with pytest.raises(Unavailable):
        built.flags.of(REGISTRATION_OPEN)
    await built.close()


async def test_a_database_that_cannot_be_read_leaves_the_copy_as_it_is(services: Services) -> None:
    await switch(services, "registration_open", "off")
    await rename(services, "flags", "flags_elsewhere")
    try:
        with pytest.raises((Unavailable, ProgrammingError)):
            await services.flags.read()
        assert services.flags.of(REGISTRATION_OPEN) is False
    finally:
        await rename(services, "flags_elsewhere", "flags")
    assert (await services.flags.read())["registration_open"].word == "off"


async def rename(services: Services, table: str, name: str) -> None:
    async with services.database.unit() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


async def test_what_a_newer_version_wrote_is_passed_over(services: Services) -> None:
    await switch(services, "email_verification", "required")
    await change(services, SWITCHED, value="by_carrier_pigeon")
    await services.flags.read()
    assert services.flags.of(EMAIL_VERIFICATION, PEOPLE[0]) == "off"


async def test_asking_takes_no_statement(services: Services) -> None:
    await switch(services, "trusted_devices", "off", 50)
    with statements(services) as seen:
        for one in PEOPLE[:100]:
            services.flags.of(TRUSTED_DEVICES, one)
    assert seen == []


async def test_a_closed_registration_makes_no_account_but_operators_do(services: Services) -> None:
    await switch(services, "registration_open", "off")
    with pytest.raises(RegistrationClosed):
        await register(services)
    [event] = await audited(services, "registration_failed")
    assert event.details == {"reason": "registration_closed"}
    await create(services, "theo@northwind.dev")
    await switch(services, "registration_open", None)
    await register(services)


async def test_email_confirmation_may_be_asked_of_everybody(services: Services, mailbox: Mailbox) -> None:
    account = await register(services)
    assert not services.verification.is_wanted(account.id)
    await prove(services)
    await switch(services, "email_verification", "required")
    assert services.verification.is_wanted(account.id)
    with pytest.raises(EmailNotVerified):
        await prove(services)
    other = await register(services, "theo@northwind.dev")
    with pytest.raises(EmailNotVerified):
        await services.sign_in.after_registration(context(), other)
    assert [letter.to for letter in mailbox.letters] == ["theo@northwind.dev"]
    await switch(services, "email_verification", "banner")
    await prove(services)


async def test_email_confirmation_may_be_asked_of_a_share(services: Services) -> None:
    account = await register(services)
    place = share_of(EMAIL_VERIFICATION, account.id)
    await switch(services, "email_verification", "required", place)
    await prove(services)
    await switch(services, "email_verification", "required", place + 1)
    with pytest.raises(EmailNotVerified):
        await prove(services)


async def test_without_trusted_devices_none_is_offered_made_or_recognised(
    services: Services, clock: FakeClock
) -> None:
    mina = await enrol(services, clock)
    cookie = await services.trusted_devices.trust(context(), mina.user_id)
    assert not isinstance(await start(services, trusted=cookie), ChallengeRequired)
    await switch(services, "trusted_devices", "off")
    asked = await start(services, trusted=cookie)
    assert isinstance(asked, ChallengeRequired)
    assert not asked.may_trust
    assert not (await services.second_factor_step.describe(asked.token)).may_trust
    assert not (await verify(services, mina.paper[0], asked.token, trust=True)).trust_device
    await switch(services, "trusted_devices", None)
    assert not isinstance(await start(services, trusted=cookie), ChallengeRequired)
    assert (await verify(services, mina.paper[1], await challenge(services), trust=True)).trust_device


async def test_without_notices_no_letter_tells_of_a_sign_in(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    await register(services)
    clock.advance(3600)
    await switch(services, "sign_in_notices", "off")
    await prove(services)
    assert await how_many(services, OUTBOX) == 0
    await switch(services, "sign_in_notices", None)
    await prove(services, ip="192.0.2.44")
    assert [letter.subject for letter in mailbox.letters] == ["New sign-in to your account"]


def readers() -> int:
    return sum("Flags._keep_reading" in str(task) for task in asyncio.all_tasks())


async def test_a_process_reads_by_one_task_that_ends_with_it(settings: Settings) -> None:
    built = build_services(settings)
    before = readers()
    async with built.flags.kept_fresh():
        assert readers() == before + 1
    assert readers() == before
    await built.close()


async def test_the_switchboard_asks_who_it_is_and_since_when(services: Services, clock: FakeClock) -> None:
    await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    with pytest.raises(NotAdmin):
        await services.feature_flags.change(context(), principal, parse_flag_change("password_grant", "off"))
    await change(services, USERS, role="admin")
    clock.advance(601)
    with pytest.raises(ReauthenticationRequired):
        await services.feature_flags.change(context(), principal, parse_flag_change("password_grant", "off"))
    assert await how_many(services, SWITCHED) == 0
