"""Keys derived for one purpose each, found by their id."""

import pytest

from autograph_web.infra.crypto.keyring import Keyring, token_hash
from tests.support.services.factories import OLDER_SECRET, SECRET, STRANGERS_SECRET


def test_two_purposes_share_no_key() -> None:
    one, other = Keyring([SECRET], "one purpose"), Keyring([SECRET], "another purpose")

    assert one.current.material != other.current.material
    assert one.current.kid != other.current.kid
    assert not other.verify(b"message", one.sign(b"message"))


def test_a_key_is_256_bits_long_and_not_the_secret() -> None:
    key = Keyring([SECRET], "one purpose").current

    assert len(key.material) == 32
    assert key.material not in SECRET.encode()


def test_the_same_secret_gives_the_same_key_everywhere() -> None:
    assert Keyring([SECRET], "purpose").current == Keyring([SECRET], "purpose").current


def test_a_key_is_derived_as_rfc_5869_says() -> None:
    # HKDF-SHA256 by hand: extract with the salt, then one block of expansion.
    from hashlib import sha256  # noqa: PLC0415
    from hmac import digest  # noqa: PLC0415

    extracted = digest(b"autograph-web", SECRET.encode(), sha256)
    assert Keyring([SECRET], "purpose").current.material == digest(extracted, b"purpose\x01", sha256)


def test_after_a_rotation_the_new_key_makes_and_the_old_one_still_checks() -> None:
    before, after = Keyring([OLDER_SECRET], "purpose"), Keyring([SECRET, OLDER_SECRET], "purpose")

    assert after.verify(b"message", before.sign(b"message"))
    assert after.current.kid == Keyring([SECRET], "purpose").current.kid
    assert not before.verify(b"message", after.sign(b"message"))


def test_a_key_that_was_taken_out_checks_nothing() -> None:
    assert not Keyring([SECRET], "purpose").verify(
        b"message", Keyring([OLDER_SECRET], "purpose").sign(b"message")
    )


@pytest.mark.parametrize("kid", ["", "unknown", "0" * 12, "../../etc/passwd"])
def test_an_unknown_kid_is_refused(kid: str) -> None:
    ring = Keyring([SECRET], "purpose")
    mac = ring.sign(b"message").partition(".")[2]

    assert ring.find(kid) is None
    assert not ring.verify(b"message", f"{kid}.{mac}")


@pytest.mark.parametrize("damage", ["", ".", "x", "\ud800.\ud800", "é.é"])
def test_what_is_no_signature_is_refused(damage: str) -> None:
    assert not Keyring([SECRET], "purpose").verify(b"message", damage)


def test_a_signature_holds_for_its_message_alone() -> None:
    ring = Keyring([SECRET], "purpose")
    signature = ring.sign(b"message")

    assert ring.verify(b"message", signature)
    assert not ring.verify(b"massage", signature)
    assert not ring.verify(b"message", signature + "A")
    assert not ring.verify(b"message", signature[:-1])


def test_a_strangers_key_of_the_same_name_signs_nothing() -> None:
    ring, stranger = Keyring([SECRET], "purpose"), Keyring([STRANGERS_SECRET], "purpose")
    mac = stranger.sign(b"message").partition(".")[2]

    assert not ring.verify(b"message", f"{ring.current.kid}.{mac}")


@pytest.mark.parametrize("token", ["", "abc", "\ud800"])
def test_a_token_is_kept_as_64_hex_digits(token: str) -> None:
    assert len(token_hash(token)) == 64
    assert token_hash(token) != token_hash(token + "x")
