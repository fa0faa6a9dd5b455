"""The format of API keys and their names."""

import re
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.api_keys.errors import ApiKeyNameInvalid
from autograph_web.api_keys.inputs import parse_name
from autograph_web.api_keys.spelling import id_of, looks_like_key, new_key, shown
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.infra.telemetry.logs import redact
from tests.support.services.api_keys import BASE62, value_of
from tests.support.services.randomness import RecordedEntropy

# As documented for scanners of source code.
DOCUMENTED = re.compile(r"\bagk_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}\b")
KEY = new_key(RecordedEntropy())


class Fixed:
    """Returns the same byte each time."""

    def __init__(self, byte: int) -> None:
        self._byte = byte

    def bytes(self, size: int) -> bytes:
        return bytes([self._byte]) * size


@pytest.mark.parametrize("byte", [0, 1, 127, 255])
def test_a_key_has_one_shape_whatever_was_drawn(byte: int) -> None:
    key = new_key(Fixed(byte))

    assert DOCUMENTED.fullmatch(key.text)
    assert id_of(key.text) == key.id
    assert value_of(key.id) == int.from_bytes(bytes([byte]) * 8, "big")
    assert value_of(key.text[16:59]) == int.from_bytes(bytes([byte]) * 32, "big")


def test_the_checksum_is_the_documented_one() -> None:
    assert value_of(KEY.text[-6:]) == crc32(KEY.text[:-6].encode())


def test_a_key_has_256_bits_of_secret_and_64_of_id() -> None:
    randomness = RecordedEntropy()
    new_key(randomness)

    assert sorted(len(drawn) for drawn in randomness.drawn) == [8, 32]


def test_two_keys_are_never_the_same() -> None:
    assert len({new_key(SystemRandomness()).id for _ in range(1000)}) == 1000


@given(st.integers(0, 64), st.sampled_from(BASE62))
def test_one_wrong_letter_is_noticed(place: int, letter: str) -> None:
    other = KEY.text[:place] + letter + KEY.text[place + 1 :]

    assert (id_of(other) == KEY.id) is (other == KEY.text)


@given(st.integers(0, 63))
def test_two_letters_in_the_wrong_order_are_noticed(place: int) -> None:
    text = KEY.text
    other = text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    assert (id_of(other) == KEY.id) is (other == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agk_",
        KEY.text[:-1],
        KEY.text + "0",
        KEY.text + "\n",
        f" {KEY.text}",
        KEY.text.upper(),
        "agk_" * 20000,
        "agk_" + "١" * 61,
        KEY.text.replace("agk_", "AGK_"),
        shown(KEY.id),
    ],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert id_of(text) is None


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert id_of(text) is None
    assert id_of(f"agk_{text}") is None


def test_a_jwt_does_not_look_like_a_key() -> None:
    assert looks_like_key(KEY.text)
    assert not looks_like_key("eyJhbGciOiJIUzI1NiJ9.e30.x")


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "key={}&x=1",
        "/me?key={}",
        "curl -H 'Authorization: Bearer {}'",
        "x{}y",
        "{}{}",
        '["name","{}"]',
        "{}\n",
    ],
)
def test_no_log_shows_a_key(line: str) -> None:
    assert KEY.text[16:59] not in redact(line.replace("{}", KEY.text))


def test_no_log_shows_half_a_key() -> None:
    assert redact(f"lost {KEY.text[:40]} here") == f"lost agk_{KEY.id}_[hidden] here"


def test_a_log_may_show_which_key_it_was() -> None:
    assert redact(f"{shown(KEY.id)} was used") == f"{shown(KEY.id)} was used"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Backup", "Backup"),
        ("  Nightly\u3000backup \t", "Nightly\u3000backup"),
        ("Sicherung für Zürich", "Sicherung für Zürich"),
        ("Ame\u0301lie", "Amélie"),
        ("バックアップ", "バックアップ"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ("نسخ احتياطي", "نسخ احتياطي"),
        ("<b>&\"'", "<b>&\"'"),
        ("x" * 64, "x" * 64),
        ("💾" * 64, "💾" * 64),
    ],
)
def test_a_name_is_kept_as_it_is_meant(typed: str, kept: str) -> None:
    assert parse_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \t ",
        "\u200b",
        "\u200d\u200d",
        "\u0301",
        "x" * 65,
        "x" * 60_000,
        "a\0b",
        "a\nb",
        "a\x1b[31mb",
        "a\x85b",
        "a\u2028b",
        "evil\u202egpj",
        "\u2066a",
        "a\ud800b",
        "a\x7fb",
    ],
)
def test_a_name_nobody_could_read_is_refused(typed: str) -> None:
    with pytest.raises(ApiKeyNameInvalid):
        parse_name(typed)
