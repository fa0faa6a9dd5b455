"""Which passwords are accepted, why others are not, and how they are hashed."""

import time
from collections.abc import AsyncGenerator
from statistics import median

import pytest

from autograph_web.accounts.errors import (
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
)
from autograph_web.authn.methods.password.hashing import PasswordHasher
from autograph_web.authn.methods.password.policy import PasswordPolicy
from autograph_web.infra.errors import DomainError
from tests.support.services.factories import EMAIL, PASSWORD, WRONG

_POLICY = PasswordPolicy(8, 3)
_STRONG = "gravel harbour thirteen violins "


@pytest.fixture
async def hasher() -> AsyncGenerator[PasswordHasher]:
    made = PasswordHasher(4, 2)
    yield made
    made.close()


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        _STRONG * 30,
        "x" * 3 + _STRONG + "\0" + "\U0001f511" * 5,
        "\u6f22\u5b57\u4eee\u540d\u4ea4\u3058\u308a\u6587\u3067\u3059\u306d\u3048\u305d\u3046",
        f"{_STRONG}\ud800",
        _STRONG + "q" * 992,
        f"{EMAIL} and gravel harbour violins",
    ],
)
async def test_a_good_password_is_taken_whatever_it_is_made_of(password: str) -> None:
    await _POLICY.require(password, EMAIL)


@pytest.mark.parametrize("password", ["", "x7#kQ9z", "\U0001f511" * 7, "e\u0301" * 7, "\ud800" * 7])
async def test_length_is_counted_in_characters_as_people_see_them(password: str) -> None:
    with pytest.raises(PasswordTooShort) as refusal:
        await _POLICY.require(password, EMAIL)

    assert refusal.value.reasons == ("Use at least 8 characters.",)


async def test_the_least_length_is_the_operators_choice() -> None:
    with pytest.raises(PasswordTooShort):
        await PasswordPolicy(40, 3).require(PASSWORD, EMAIL)


@pytest.mark.parametrize(
    "password", ["q" * 1025, "\u00e9" * 513, "\U0001f511" * 257, "q" * 10_000_000, "\ufdfa" * 400]
)
async def test_more_than_1024_bytes_are_refused_at_once(password: str) -> None:
    began = time.process_time()
    with pytest.raises(PasswordTooLong):
        await _POLICY.require(password, EMAIL)

    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "password", ["a1" * 512, "".join(map(chr, range(33, 127))) * 10, "ab" * 100 + "!" * 824]
)
async def test_the_longest_password_is_judged_quickly(password: str) -> None:
    began = time.process_time()
    await _POLICY.assess(password, EMAIL)

    assert time.process_time() - began < 5


@pytest.mark.parametrize("password", ["password123", "qwertyuiop", "PASSWORD1!", "iloveyou", "12345678"])
async def test_a_usual_password_is_refused(password: str) -> None:
    with pytest.raises((PasswordTooCommon, PasswordTooWeak)) as refusal:
        await _POLICY.require(password, EMAIL)

    assert refusal.value.reasons


@pytest.mark.parametrize(
    "password",
    [
        EMAIL,
        "mina1234",
        "northwind2024",
        "Mina.Northwind1",
        "AutoGraph!!",
        "autographv3-2026",
        "\uff4d\uff49\uff4e\uff41 12345",
    ],
)
async def test_a_password_made_of_ones_address_or_our_name_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooCommon, match="password_too_common") as refusal:
        await _POLICY.require(password, EMAIL)

    assert refusal.value.reasons == ("Don't base it on your email or this service's name.",)


async def test_the_same_password_may_be_fine_for_somebody_else() -> None:
    password = "theodora vandersloot"
    with pytest.raises(DomainError):
        await _POLICY.require(password, "theodora@vandersloot.dev")
    await _POLICY.require(password, EMAIL)


async def test_the_meter_says_what_the_policy_does() -> None:
    good, short, weak = [await _POLICY.assess(text, EMAIL) for text in (PASSWORD, "abc", "password123")]

    assert (good.acceptable, good.label, good.reasons) == (True, "Strong", ())
    assert (short.acceptable, short.label) == (False, "Too short")
    assert (weak.acceptable, weak.label) == (False, "Weak")
    assert weak.reasons


async def test_the_meter_tells_nearly_good_from_bad() -> None:
    fair = await _POLICY.assess("maplewood82", EMAIL)

    assert (fair.score, fair.acceptable, fair.label) == (2, False, "Fair")
    assert fair.reasons


async def test_a_hash_knows_its_password_alone(hasher: PasswordHasher) -> None:
    known = await hasher.hash(PASSWORD)

    assert await hasher.verify(PASSWORD, known)
    assert not await hasher.verify(WRONG, known)
    assert known != await hasher.hash(PASSWORD)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a" * 72 + "b", "a" * 72 + "c"),
        ("a" * 1023 + "b", "a" * 1023 + "c"),
        ("a\0b", "a\0c"),
        ("\0", ""),
        ("\U0001f511", "\U0001f512"),
    ],
)
async def test_every_byte_counts(hasher: PasswordHasher, one: str, other: str) -> None:
    known = await hasher.hash(one)

    assert await hasher.verify(one, known)
    assert not await hasher.verify(other, known)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("\uff21\uff22", "AB"),
        ("\ufb01n", "fin"),
        ("x\ud800", "x\ud800"),
    ],
)
async def test_spellings_of_one_password_are_equal(hasher: PasswordHasher, typed: str, same: str) -> None:
    assert await hasher.verify(same, await hasher.hash(typed))


async def test_without_an_account_nothing_is_right(hasher: PasswordHasher) -> None:
    assert not await hasher.verify(PASSWORD, None)
    assert not await hasher.verify("no account has this", None)


async def test_without_an_account_it_takes_as_long() -> None:
    hasher = PasswordHasher(8, 1)
    known = await hasher.hash(PASSWORD)

    async def took(known: str | None) -> float:
        began = time.process_time()  # of all threads: other load on the machine is left out
        await hasher.verify(WRONG, known)
        return time.process_time() - began

    samples = [(await took(known), await took(None)) for _ in range(15)]
    real, dummy = (median(column) for column in zip(*samples, strict=True))
    hasher.close()
    assert 0.5 < dummy / real < 2


async def test_a_hash_of_another_cost_is_outdated(hasher: PasswordHasher) -> None:
    stricter = PasswordHasher(5, 1)
    known = await hasher.hash(PASSWORD)
    stricter.close()

    assert not hasher.outdated(known)
    assert stricter.outdated(known)


# Every character can be read as one of several letters.
MANY_SPELLINGS = "4@8({[<369&|1!/0$5+7%2zx" * 3


async def test_a_password_of_many_spellings_is_judged_quickly() -> None:
    started = time.process_time()

    found = await PasswordPolicy(8, 3).assess(MANY_SPELLINGS)

    assert time.process_time() - started < 1.5
    assert found.acceptable


@pytest.mark.parametrize("password", ["p4$$w0rd", "P@ssw0rd1", "!l0v3y0u", "4u70gr4ph"])
async def test_a_common_word_in_disguise_is_still_known(password: str) -> None:
    assert not (await PasswordPolicy(8, 3).assess(password)).acceptable
