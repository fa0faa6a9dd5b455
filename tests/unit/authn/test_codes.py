"""What counts as a code by its form alone."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.authn.errors import CodeMalformed
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.methods.recovery_codes.codes import new_recovery_code, recovery_hash
from autograph_web.authn.methods.recovery_codes.method import RecoveryCodes
from autograph_web.authn.methods.totp.method import TotpMethod
from autograph_web.authn.ports import TypedCode
from autograph_web.infra.randomness import SystemRandomness
from tests.support.services.randomness import RecordedEntropy

NOTHING: Any = None  # reading a code needs neither a database nor a key
read_code = SecondFactors(NOTHING, [TotpMethod(NOTHING, NOTHING), RecoveryCodes(NOTHING)]).read
MINE, THEIRS = UUID(int=1), UUID(int=2)
CODE = "0123-4567-89ab-cdef"
MALFORMED = {
    "empty": "",
    "blank": " \t\n",
    "five digits": "12345",
    "seven digits": "1234567",
    "a plus sign": "+12345",
    "a minus sign": "-12345",
    "a decimal point": "123.45",
    "letters": "abcdef",
    "hexadecimal": "0x1234",
    "digits and a letter": "12345a",
    "an emoji": "12345🔑",
    "fifteen letters": "0123-4567-89ab-cde",
    "seventeen letters": "0123-4567-89ab-cdef-g",
    "a letter no code has": "0123-4567-89ab-cdeu",
    "257 characters": " " * 251 + "123456",
    "ten thousand digits": "1" * 10_000,
    "two codes": "123456 654321",
    "two recovery codes": "0123-4567-89ab-cdef 0123-4567-89ab-cdef",
    "digits that are no decimals": "፩፪፫፬፭፮",
    "a number and no code": "12. ",
}


@pytest.mark.parametrize("typed", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(CodeMalformed):
        read_code(typed)


@pytest.mark.parametrize(
    "typed", ["123456", "123 456", " 123456\n", "1 2 3 4 5 6", "123\u00a0456", "123\t456"]
)
def test_six_digits_are_a_code_whatever_white_space_stands_between(typed: str) -> None:
    assert read_code(typed) == TypedCode(TotpMethod.id, "123456")


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "123-456",
            "123.456",
            "123–456",
            "-123456",
            "(123456)",
            "“123456”",
            "`123 456`",
            "123456.",
            "123456\0",
        ),
        *(
            "１２３４５６",
            "１２３　４５６",
            "١٢٣٤٥٦",
            "۱۲۳۴۵۶",
            "१२३४५६",
            "\u200b123\u2060456\ufeff",
            " " * 200 + "123456",
        ),
        *("1. 123456", "10) 123-456"),
    ],
)
def test_what_cannot_be_part_of_six_digits_is_dropped(typed: str) -> None:
    assert read_code(typed) == TypedCode(TotpMethod.id, "123456")


@pytest.mark.parametrize(
    "number", ["", *(f"{one}. " for one in range(1, 11)), "7) ", "[3] ", "2: ", "4.\t", "• ", "- [ ] "]
)
@pytest.mark.parametrize(
    "code",
    [
        CODE,
        f"{CODE}\r\n",
        "0123–4567–89ab–cdef",
        "０１２３-4567-89ab-cdef",
        "0123_4567_89AB_CDEF",
        f"“{CODE}”,",
    ],
)
def test_a_recovery_code_is_read_as_it_stands_in_a_list(number: str, code: str) -> None:
    assert read_code(number + code) == TypedCode(RecoveryCodes.id, "0123456789abcdef")


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.upper(), CODE.replace("-", ""), CODE.replace("-", " "), f" {CODE} ", "o123-4567-89AB-cdef"],
)
def test_a_recovery_code_may_be_typed_in_several_ways(typed: str) -> None:
    assert read_code(typed) == TypedCode(RecoveryCodes.id, "0123456789abcdef")


@pytest.mark.parametrize(("typed", "meant"), [("i", "1"), ("l", "1"), ("I", "1"), ("L", "1"), ("O", "0")])
def test_letters_that_look_like_digits_count_as_them(typed: str, meant: str) -> None:
    assert read_code(typed + "2" * 15).text == meant + "2" * 15


@given(st.text(max_size=80))
def test_any_text_is_a_code_in_canonical_form_or_refused(typed: str) -> None:
    try:
        code = read_code(typed)
    except CodeMalformed:
        return
    assert code.text.isascii()
    assert len(code.text) == {TotpMethod.id: 6, RecoveryCodes.id: 16}[code.method]


def test_a_recovery_code_is_80_bits_in_groups_of_four() -> None:
    randomness = RecordedEntropy()
    code = new_recovery_code(randomness)

    [drawn] = randomness.drawn
    assert len(drawn) * 8 == 80
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert read_code(code).method == RecoveryCodes.id


def test_every_bit_of_the_entropy_is_in_the_code() -> None:
    class Fixed:
        def __init__(self, value: int) -> None:
            self.value = value

        def bytes(self, size: int) -> bytes:
            return self.value.to_bytes(size)

    codes = {new_recovery_code(Fixed(1 << bit)) for bit in range(80)}
    assert len(codes) == 80


def test_ten_thousand_recovery_codes_are_all_different() -> None:
    assert len({new_recovery_code(SystemRandomness()) for _ in range(10_000)}) == 10_000


def test_the_stored_hash_depends_on_the_owner_and_not_on_the_spelling() -> None:
    assert recovery_hash(MINE, CODE) == recovery_hash(MINE, CODE.upper().replace("-", ""))
    assert recovery_hash(MINE, CODE) != recovery_hash(THEIRS, CODE)
    assert CODE not in recovery_hash(MINE, CODE)
    assert len(recovery_hash(MINE, CODE)) == 64
