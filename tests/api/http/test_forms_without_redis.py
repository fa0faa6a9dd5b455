"""Forms that a browser posts without scripts while Redis is unavailable: the address reports the outcome."""

import pytest
from httpx import AsyncClient

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.support.services.factories import EMAIL, WRONG


@pytest.fixture
def redis_url(own_redis: EmbeddedRedis) -> str:
    """The address of a Redis that a test may stop."""
    return own_redis.url


@pytest.mark.parametrize(
    ("form", "fields", "there"),
    [
        ("claim", {"ticket": "x" * 43, "next": "/settings/account"}, "/login?next=%2Fsettings%2Faccount"),
        ("sign-in", {"email": "mina@northwind.dev", "password": ""}, "/login"),
    ],
)
async def test_a_refusal_that_cannot_be_kept_stands_in_the_address(
    own_redis: EmbeddedRedis, browser: AsyncClient, form: str, fields: dict[str, str], there: str
) -> None:
    own_redis.stop()
    answer = await browser.post(f"/session/{form}", data=fields)
    assert answer.status_code == 303
    place, _, said = answer.headers["location"].partition("#")
    assert place == there
    assert said in {"said-unavailable", "said-invalid_input", "said-invalid_credentials"}


async def test_with_redis_the_page_says_it_and_the_address_does_not(browser: AsyncClient) -> None:
    answer = await browser.post("/session/sign-in", data={"email": EMAIL, "password": WRONG})
    assert answer.headers["location"] == "/login"
