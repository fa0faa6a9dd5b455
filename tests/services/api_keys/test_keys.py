"""API keys: how they are created, what they give access to, and what revokes them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.store import USERS
from autograph_web.api_keys.errors import (
    ApiKeyExpired,
    ApiKeyExpiryInvalid,
    ApiKeyInvalid,
    ApiKeyNameInvalid,
    ApiKeyRevoked,
    ScopeNotAllowed,
    TooManyApiKeys,
)
from autograph_web.api_keys.inputs import ApiKeyInput
from autograph_web.api_keys.key import ApiKeyPrincipal, IssuedKey, Scope
from autograph_web.api_keys.spelling import new_key
from autograph_web.api_keys.store import KEYS
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import NotFound, RateLimited
from autograph_web.sessions.errors import ReauthenticationRequired
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.mail.mailbox import Mailbox
from tests.support.servers.inspection import RedisWindow, statements
from tests.support.services.api_keys import impostor, issue, newcomer, signed_in, use
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, audited, change, context, how_many, prove, rows
from tests.support.services.password_reset import ask_and_open, choose
from tests.support.services.randomness import RecordedEntropy
from tests.support.services.two_step import enrol, fresh_viewer, principal_of

RACERS = 20
DAY = 86_400
OTHER = "theo@northwind.dev"


@pytest.fixture
async def mina(services: Services) -> SessionPrincipal:
    return await newcomer(services)


async def refused(services: Services, text: str, ip: str = "203.0.113.7") -> str:
    """Use a key that is refused and return the reason."""
    with pytest.raises((ApiKeyInvalid, ApiKeyRevoked, ApiKeyExpired, RateLimited)) as refusal:
        await use(services, text, ip)
    return refusal.value.code


async def test_a_key_stands_for_its_owner_within_its_scopes(
    services: Services, mina: SessionPrincipal
) -> None:
    made = await issue(services, mina, name="  Backup  ", scopes=frozenset({Scope.WRITE, Scope.READ}))
    holder = await use(services, made.text)

    assert made.key.name == "Backup"
    assert made.key.scopes == (Scope.READ, Scope.WRITE)
    assert (holder.user_id, holder.email, holder.role) == (mina.user_id, EMAIL, "user")
    assert holder.scopes == {Scope.READ, Scope.WRITE}
    assert holder.key_id == made.key.id


async def test_only_a_hash_is_kept(
    services: Services, mina: SessionPrincipal, randomness: RecordedEntropy
) -> None:
    made = await issue(services, mina)
    [row] = await rows(services, KEYS)

    assert row.key_hash == token_hash(made.text)
    kept = " ".join(str(value) for value in row)
    assert made.text not in kept
    assert made.text[16:] not in kept
    assert all(drawn.hex() not in kept for drawn in randomness.drawn)


async def test_redis_learns_neither_key_nor_hash(
    services: Services, mina: SessionPrincipal, redis_window: RedisWindow
) -> None:
    made = await issue(services, mina)
    await use(services, made.text)
    await refused(services, impostor(made.text))
    found = redis_window.keys()
    everything = "\n".join([*found, redis_window.text()])

    assert any(key.startswith("rate_limit:api_key:") for key in found)
    assert made.text[4:] not in everything
    assert token_hash(made.text)[:32] not in everything
    assert all(left > 0 for left in redis_window.lifetimes().values())


async def test_the_owner_is_told_and_it_is_written_down(
    services: Services, mina: SessionPrincipal, mailbox: Mailbox
) -> None:
    made = await issue(services, mina, name="Nightly <backup>", expires_in_days=None)
    [event] = await audited(services, "api_key_created")

    assert event.user_id == mina.user_id
    assert event.session_id == mina.session_id
    assert event.details == {"key": made.key.id, "scopes": "read"}
    [letter] = [one for one in mailbox.letters if one.subject == "New API key created"]
    assert letter.to == EMAIL
    told = dict(letter.facts)
    assert told["Name"] == "Nightly <backup>"
    assert told["Key"] == f"{made.key.prefix}…"
    assert told["Expires"] == "Never"
    assert letter.action
    assert letter.action.url == "http://localhost:3000/settings/api-keys"
    assert made.text[16:] not in str(letter)


@pytest.mark.parametrize(
    ("end", "days"),
    [
        ({}, 90),
        ({"expires_in_days": 7}, 7),
        ({"expires_in_days": 3650}, 3650),
        ({"expires_in_days": None}, None),
        ({"expires_at": None}, None),
    ],
)
async def test_a_key_ends_when_it_was_said(
    services: Services, mina: SessionPrincipal, clock: FakeClock, end: dict[str, int | None], days: int | None
) -> None:
    made = await issue(services, mina, **end)

    assert made.key.expires_at == (None if days is None else clock.now() + timedelta(days=days))
    if days is not None:
        clock.advance(days * DAY - 1)
        assert await use(services, made.text)
        clock.advance(1)
        assert await refused(services, made.text) == "api_key_expired"


async def test_a_moment_may_be_in_any_zone_but_not_over(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    moment = datetime.fromisoformat(
        (clock.now() + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+01:00"
    )
    made = await issue(services, mina, expires_at=moment)
    assert made.key.expires_at == moment.astimezone(UTC)

    for wrong in (clock.now(), clock.now() - timedelta(days=1), clock.now() + timedelta(days=3651)):
        with pytest.raises(ApiKeyExpiryInvalid):
            await issue(services, mina, expires_at=wrong)
    assert await how_many(services, KEYS) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"expires_in_days": 0},
        {"expires_in_days": 3651},
        {"expires_in_days": True},
        {"expires_in_days": "7"},
        {"expires_at": "2099-01-01T00:00:00"},
        {"expires_at": "2099-01-01T00:00:00Z", "expires_in_days": 7},
        {"scopes": []},
        {"scopes": ["root"]},
        {"owner": "x"},
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ApiKeyInput.model_validate({"name": "x", "scopes": ["read"], **given})


async def test_a_bad_name_makes_no_key(services: Services, mina: SessionPrincipal) -> None:
    with pytest.raises(ApiKeyNameInvalid):
        await issue(services, mina, name="a\nb")
    assert await how_many(services, KEYS) == 0


async def test_making_one_takes_a_fresh_sign_in(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    clock.advance(601)
    with pytest.raises(ReauthenticationRequired):
        await issue(services, mina)
    assert await how_many(services, KEYS) == 0
    assert await issue(services, await signed_in(services))


async def test_with_two_step_verification_it_takes_the_factor(services: Services, clock: FakeClock) -> None:
    enrolled = await enrol(services, clock)
    with pytest.raises(ReauthenticationRequired):
        await issue(services, await principal_of(services, enrolled.access_token))
    assert await issue(services, await fresh_viewer(services, clock, enrolled))


async def test_a_session_that_is_over_makes_none(services: Services, mina: SessionPrincipal) -> None:
    await services.sessions.end(context(), mina)
    with pytest.raises(SessionEnded):
        await issue(services, mina)
    assert await how_many(services, KEYS) == 0


async def test_admin_is_for_administrators_and_for_as_long_as_they_are(
    services: Services, mina: SessionPrincipal
) -> None:
    both = frozenset({Scope.READ, Scope.ADMIN})
    with pytest.raises(ScopeNotAllowed):
        await issue(services, mina, scopes=both)
    await change(services, USERS, role="admin")
    made = await issue(services, await signed_in(services), scopes=both)
    assert (await use(services, made.text)).scopes == both
    await change(services, USERS, role="user")
    assert (await use(services, made.text)).scopes == {Scope.READ}


async def test_twenty_five_is_the_most_and_only_those_in_force_count(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    made = [await issue(services, mina, expires_in_days=7 if number else None) for number in range(25)]
    with pytest.raises(TooManyApiKeys):
        await issue(services, mina)
    await services.api_keys.revoke(context(), mina, made[-1].key.id)
    await issue(services, mina)
    with pytest.raises(TooManyApiKeys):
        await issue(services, mina)
    clock.advance(7 * DAY)
    assert await issue(services, await signed_in(services))
    other = await newcomer(services, OTHER)
    assert await issue(services, other)


async def test_of_twenty_made_at_once_with_room_for_one_one_is(
    services: Services, mina: SessionPrincipal
) -> None:
    for _ in range(24):
        await issue(services, mina)
    outcomes = await asyncio.gather(*(issue(services, mina) for _ in range(RACERS)), return_exceptions=True)

    assert sum(isinstance(outcome, IssuedKey) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TooManyApiKeys) for outcome in outcomes) == RACERS - 1
    assert await how_many(services, KEYS) == 25
    assert len(await audited(services, "api_key_created")) == 25


async def test_the_list_is_the_owners_newest_first(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    theo = await newcomer(services, OTHER)
    await issue(services, theo, name="Theo's")
    for name in ("one", "two", "three"):
        clock.advance(1)
        last = await issue(services, mina, name=name, expires_in_days=7)
    await services.api_keys.revoke(context(), mina, last.key.id)
    assert [key.name for key in await services.api_keys.of(mina.user_id)] == ["two", "one"]
    clock.advance(8 * DAY)
    listed = await services.api_keys.of(mina.user_id)
    assert [key.expired(clock.now()) for key in listed] == [True, True]


async def test_revoking_ends_a_key_at_once_and_once(services: Services, mina: SessionPrincipal) -> None:
    made, kept = await issue(services, mina), await issue(services, mina)
    await use(services, made.text)
    await services.api_keys.revoke(context(), mina, made.key.id)

    assert await refused(services, made.text) == "api_key_revoked"
    assert await use(services, kept.text)
    with pytest.raises(NotFound):
        await services.api_keys.revoke(context(), mina, made.key.id)
    [event] = await audited(services, "api_key_revoked")
    assert event.details == {"key": made.key.id}


async def test_somebody_elses_key_cannot_be_revoked(services: Services, mina: SessionPrincipal) -> None:
    made, theo = await issue(services, mina), await newcomer(services, OTHER)
    for name in (made.key.id, made.key.id.swapcase(), "", "x" * 60_000, "\0", "'; --"):
        with pytest.raises(NotFound):
            await services.api_keys.revoke(context(), theo, name)
    assert await use(services, made.text)


async def test_of_twenty_that_revoke_it_one_does(services: Services, mina: SessionPrincipal) -> None:
    made = await issue(services, mina)
    outcomes = await asyncio.gather(
        *(services.api_keys.revoke(context(), mina, made.key.id) for _ in range(RACERS)),
        return_exceptions=True,
    )

    assert outcomes.count(None) == 1
    assert len(await audited(services, "api_key_revoked")) == 1


async def test_once_it_is_revoked_no_use_succeeds_however_many_are_under_way(
    services: Services, mina: SessionPrincipal
) -> None:
    made = await issue(services, mina)
    begun = [asyncio.create_task(use(services, made.text)) for _ in range(RACERS)]
    await services.api_keys.revoke(context(), mina, made.key.id)
    outcomes = await asyncio.gather(*begun, return_exceptions=True)
    late = await asyncio.gather(*(use(services, made.text) for _ in range(RACERS)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} <= {ApiKeyPrincipal, ApiKeyRevoked}
    assert {type(outcome) for outcome in late} == {ApiKeyRevoked}
    [row] = await rows(services, KEYS)
    assert row.revoked_at is not None


async def test_a_key_made_while_the_password_is_reset_does_not_survive_it(
    services: Services, mailbox: Mailbox, clock: FakeClock
) -> None:
    principal = await newcomer(services)
    for number in range(5):
        token, password = await ask_and_open(services, mailbox), f"fourteen lanterns over calm water {number}"
        await asyncio.gather(
            choose(services, token, password),
            *(issue(services, principal) for _ in range(4)),
            return_exceptions=True,
        )
        assert [row for row in await rows(services, KEYS) if row.revoked_at is None] == []
        clock.advance(3600)
        grant = await prove(services, password=password)
        principal = await principal_of(
            services, (await services.sessions.open_for_browser(context(), grant)).cookie
        )


async def test_signing_out_everywhere_leaves_keys_alone(services: Services, mina: SessionPrincipal) -> None:
    made = await issue(services, mina)
    await services.sessions.end_all(context(), mina)
    assert await use(services, made.text)


async def test_a_locked_account_has_no_keys_until_it_is_open_again(
    services: Services, mina: SessionPrincipal
) -> None:
    made = await issue(services, mina)
    await change(services, USERS, status="locked")
    assert await refused(services, made.text) == "api_key_invalid"
    await change(services, USERS, status="active")
    assert await use(services, made.text)


async def test_a_deleted_account_leaves_no_key(services: Services, mina: SessionPrincipal) -> None:
    made = await issue(services, mina)
    await services.deletion.delete(context(), mina, EMAIL)
    assert await refused(services, made.text) == "api_key_invalid"
    assert await how_many(services, KEYS) == 0


async def test_a_new_password_by_a_link_revokes_every_key(
    services: Services, mina: SessionPrincipal, mailbox: Mailbox
) -> None:
    made, theo = await issue(services, mina), await newcomer(services, OTHER)
    other = await issue(services, theo)
    await choose(services, await ask_and_open(services, mailbox))

    assert await refused(services, made.text) == "api_key_revoked"
    assert await use(services, other.text)
    [event] = await audited(services, "password_reset_completed")
    assert event.details["api_keys"] == 1


async def test_last_use_is_kept_to_five_minutes(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    made = await issue(services, mina)
    first = clock.now()
    await use(services, made.text, "192.0.2.1")
    clock.advance(299)
    with statements(services) as seen:
        await use(services, made.text, "192.0.2.2")
    [key] = await services.api_keys.of(mina.user_id)
    assert (key.last_used_at, key.last_used_ip) == (first, "192.0.2.1")
    assert [one for one in seen if one.startswith("UPDATE api_keys")] == []
    clock.advance(1)
    await use(services, made.text, "192.0.2.2")
    [key] = await services.api_keys.of(mina.user_id)
    assert (key.last_used_at, key.last_used_ip) == (clock.now(), "192.0.2.2")


async def test_a_use_is_one_read_and_one_round_trip(
    services: Services, mina: SessionPrincipal, redis_window: RedisWindow
) -> None:
    made = await issue(services, mina)
    await use(services, made.text)
    with statements(services) as seen, redis_window.counting() as commands:
        await use(services, made.text)

    assert [one.split()[0] for one in seen if "api_keys" in one] == ["SELECT"]
    assert commands["evalsha"] == 1
    assert "set" not in commands


async def test_a_misspelled_key_costs_nothing(
    services: Services, mina: SessionPrincipal, redis_window: RedisWindow
) -> None:
    made = await issue(services, mina)
    with statements(services) as seen, redis_window.counting() as commands:
        for text in (made.text[:-1] + ("0" if made.text[-1] != "0" else "1"), "agk_", "agk_" + "x" * 60_000):
            assert await refused(services, text) == "api_key_invalid"
    assert [one for one in seen if "api_keys" in one] == []
    assert "evalsha" not in commands


async def test_a_key_that_is_over_is_told_of_once_an_hour(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    made = await issue(services, mina)
    await services.api_keys.revoke(context(), mina, made.key.id)
    for _ in range(5):
        await refused(services, made.text, "192.0.2.66")
    [event] = await audited(services, "api_key_refused")
    assert event.user_id == mina.user_id
    assert event.ip == "192.0.2.66"
    assert event.details == {"key": made.key.id, "reason": "api_key_revoked"}


async def test_guesses_cause_no_audit_events(services: Services, mina: SessionPrincipal) -> None:
    made = await issue(services, mina)
    for text in (impostor(made.text), new_key(RecordedEntropy("else")).text):
        assert await refused(services, text) == "api_key_invalid"
    assert await audited(services, "api_key_refused") == []


async def test_what_is_over_is_forgotten_after_thirty_days(
    services: Services, mina: SessionPrincipal, clock: FakeClock
) -> None:
    kept = await issue(services, mina, expires_in_days=None)
    revoked, _expired = await issue(services, mina), await issue(services, mina, expires_in_days=1)
    await services.api_keys.revoke(context(), mina, revoked.key.id)
    clock.advance(29 * DAY)
    assert await services.api_keys.purge_expired() == 0
    clock.advance(DAY)
    assert await services.api_keys.purge_expired() == 1
    clock.advance(DAY)
    assert await services.api_keys.purge_expired() == 1
    assert [key.id for key in await services.api_keys.of(mina.user_id)] == [kept.key.id]


async def test_keys_are_in_the_data_one_takes_along_without_their_hash(
    services: Services, mina: SessionPrincipal
) -> None:
    made = await issue(services, mina)
    text = "".join([part async for part in await services.data_export.begin(context(), mina)])
    assert f'"id": "{made.key.id}"' in text
    assert token_hash(made.text) not in text
    assert "hash" not in text


async def test_a_hundred_may_be_made_in_an_hour(services: Services, mina: SessionPrincipal) -> None:
    for _ in range(100):
        await services.api_keys.revoke(context(), mina, (await issue(services, mina)).key.id)
    with pytest.raises(RateLimited):
        await issue(services, mina)
