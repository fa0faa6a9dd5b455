"""The password meter is open to anybody, so no password may take it long."""

import time

import pytest

from autograph_web.authn.methods.password.policy import PasswordPolicy

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
