"""Errors: each with its own code and sentence."""

import pytest

from autograph_web.accounts.errors import EmailTaken, LinkRefused
from autograph_web.authn.methods.totp.errors import CodeOfReplaced, SetupCodeOfOther
from autograph_web.infra.errors import DomainError, RateLimited
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from tests.support.product.errors import all_errors


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    # Those that carry more detail than the error whose code they share, and the common bases of several.
    refined = (RateLimitExceeded, CodeOfReplaced, SetupCodeOfOther, LinkRefused)
    codes = [kind.code for kind in kinds if kind not in refined]
    assert len(codes) == len(set(codes)) == len(all_errors())


@pytest.mark.parametrize("kind", all_errors().values(), ids=list(all_errors()))
def test_every_refusal_has_a_whole_sentence(kind: type[DomainError]) -> None:
    detail = kind(retry_after=7).detail

    assert detail[0].isupper()
    assert detail.endswith((".", "?"))
    assert "{" not in detail
    assert "}" not in detail
    assert 400 <= kind.status <= 599
    assert kind.code == kind.code.lower()


def test_a_sentence_tells_the_wait_and_the_reasons() -> None:
    assert RateLimited(retry_after=12).detail.endswith("in 12 seconds.")
    assert EmailTaken(reasons=("Really {0}.",)).detail.endswith("Really {0}.")
