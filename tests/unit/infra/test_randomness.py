"""Tokens and ids."""

from autograph_web.infra.randomness import SystemRandomness, random_token, random_uuid
from tests.support.services.randomness import RecordedEntropy


def test_a_token_is_256_bits_of_base64url() -> None:
    token = random_token(SystemRandomness())

    assert len(token) == 43
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_two_tokens_are_never_the_same() -> None:
    assert len({random_token(SystemRandomness()) for _ in range(1000)}) == 1000


def test_a_uuid_is_of_version_4() -> None:
    assert {random_uuid(RecordedEntropy()).version for _ in range(20)} == {4}
