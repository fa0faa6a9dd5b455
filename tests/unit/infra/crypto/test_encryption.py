"""Encrypted values: only the bound context can read them, with a key of the keyring, and only unaltered."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import SystemRandomness
from tests.support.services.factories import OLDER_SECRET, SECRET, STRANGERS_SECRET

OWNER, VALUE = "totp\n" + "0" * 32, b"twenty secret bytes!"


def encryptor(*secrets: str) -> Encryptor:
    return Encryptor(Keyring(secrets or (SECRET,), "sealed factors"), SystemRandomness())


@given(st.binary(max_size=200), st.text(max_size=50))
def test_a_sealed_value_is_read_back(value: bytes, owner: str) -> None:
    assert encryptor().decrypt(encryptor().encrypt(value, owner), owner) == value


def test_it_is_aes_256_gcm_with_a_96_bit_nonce_and_the_owner_authenticated() -> None:
    key = Keyring((SECRET,), "sealed factors").current
    kid, _, body = encryptor().encrypt(VALUE, OWNER).partition(".")
    raw = urlsafe_b64decode(body)

    assert (kid, len(key.material) * 8) == (key.kid, 256)
    assert len(raw) == 12 + len(VALUE) + 16
    assert AESGCM(key.material).decrypt(raw[:12], raw[12:], OWNER.encode()) == VALUE


def test_the_value_does_not_show() -> None:
    sealed = encryptor().encrypt(VALUE, OWNER)

    assert VALUE.decode() not in sealed
    assert VALUE not in urlsafe_b64decode(sealed.partition(".")[2])


def test_the_same_value_is_sealed_differently_each_time() -> None:
    one = encryptor()

    assert len({one.encrypt(VALUE, OWNER) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("owner", ["totp\n" + "1" * 32, "note\n" + "0" * 32, OWNER + " ", ""])
def test_another_context_cannot_decrypt_it(owner: str) -> None:
    with pytest.raises(DecryptionError):
        encryptor().decrypt(encryptor().encrypt(VALUE, OWNER), owner)


def test_a_change_of_any_byte_is_noticed() -> None:
    kid, _, body = encryptor().encrypt(VALUE, OWNER).partition(".")
    raw = urlsafe_b64decode(body)

    for place in range(len(raw)):
        for flip in (1, 0x80):
            changed = bytearray(raw)
            changed[place] ^= flip
            with pytest.raises(DecryptionError):
                encryptor().decrypt(f"{kid}.{urlsafe_b64encode(changed).decode()}", OWNER)


def test_a_missing_piece_is_noticed() -> None:
    sealed = encryptor().encrypt(VALUE, OWNER)

    for length in range(len(sealed)):
        with pytest.raises(DecryptionError):
            encryptor().decrypt(sealed[:length], OWNER)


@pytest.mark.parametrize("nonsense", ["", ".", "x", "no such key.AAAA", "é.é"])
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(DecryptionError):
        encryptor().decrypt(nonsense, OWNER)


@pytest.mark.parametrize("body", ["", "A", "AAAA", "é", "=", "A" * 15, "A" * 16])
def test_a_known_key_with_a_broken_body_is_refused(body: str) -> None:
    kid = Keyring((SECRET,), "sealed factors").current.kid
    with pytest.raises(DecryptionError):
        encryptor().decrypt(f"{kid}.{body}", OWNER)


def test_an_older_key_of_the_ring_still_opens() -> None:
    sealed = encryptor(OLDER_SECRET).encrypt(VALUE, OWNER)

    assert encryptor(SECRET, OLDER_SECRET).decrypt(sealed, OWNER) == VALUE


def test_the_newest_key_seals() -> None:
    rotated = encryptor(SECRET, OLDER_SECRET)
    sealed = rotated.encrypt(VALUE, OWNER)

    assert encryptor(SECRET).decrypt(sealed, OWNER) == VALUE
    assert not rotated.outdated(sealed)
    assert rotated.outdated(encryptor(OLDER_SECRET).encrypt(VALUE, OWNER))


@pytest.mark.parametrize("secrets", [(STRANGERS_SECRET,), (SECRET,)])
def test_a_key_that_is_not_in_the_ring_opens_nothing(secrets: tuple[str, ...]) -> None:
    with pytest.raises(DecryptionError):
        encryptor(*secrets).decrypt(encryptor(OLDER_SECRET).encrypt(VALUE, OWNER), OWNER)


def test_a_key_for_another_purpose_opens_nothing() -> None:
    other = Encryptor(Keyring((SECRET,), "device cookies"), SystemRandomness())
    with pytest.raises(DecryptionError):
        other.decrypt(encryptor().encrypt(VALUE, OWNER), OWNER)
