"""`python -m autograph_web keys reseal`, as an operator runs it."""

import pytest

from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from tests.support.clients.command_line import command
from tests.support.services.clock import FakeClock
from tests.support.services.factories import OLDER_SECRET, SECRET, rows
from tests.support.services.two_step import Enrolled, enrol

pytestmark = pytest.mark.slow  # programs are started


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: the work itself is tested on both."""
    return sqlite_url


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


@pytest.mark.parametrize(
    ("secrets", "code", "said"),
    [
        ((OLDER_SECRET, SECRET), 0, "autograph: re-encrypted 1 secret"),
        (
            (OLDER_SECRET,),
            1,
            "autograph: a secret can't be decrypted: put the key it was encrypted with back",
        ),
    ],
)
async def test_an_operator_seals_anew_from_the_command_line(
    services: Services, mina: Enrolled, secrets: tuple[str, ...], code: int, said: str
) -> None:
    done = await command(services, "keys", "reseal", AUTOGRAPH_SECRET_KEYS=",".join(secrets))

    [factor] = await rows(services, FACTORS)
    assert services.encryptor.outdated(factor.sealed_secret) == (code == 0)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True)
