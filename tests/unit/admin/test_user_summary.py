"""How the audit log names administrators, and which events count as refused."""

from uuid import UUID

import pytest

from autograph_web.admin.user_summary import administrator_in
from autograph_web.audit.event_types import EventType, Outcome

WHO = UUID("0b6f8c3e-52c1-4f0e-9d6a-6a3f6a1f2b7c")


@pytest.mark.parametrize(
    "actor", [f"administrator: {WHO}", f"administrator: {WHO}, API key abc", f"administrator {WHO}"]
)
def test_both_spellings_of_an_administrator_are_read(actor: str) -> None:
    assert administrator_in(actor) == WHO


@pytest.mark.parametrize("actor", ["", "root", f"the administrator: {WHO}", "administrator: -"])
def test_no_other_actor_is_taken_for_an_administrator(actor: str) -> None:
    assert administrator_in(actor) is None


def test_a_sign_in_that_its_owner_took_back_is_no_failed_try() -> None:
    assert EventType.SIGN_IN_REFUSED.outcome is Outcome.DONE
    assert EventType.LOGIN_FAILED.outcome is Outcome.REFUSED
    assert EventType.API_KEY_REFUSED.outcome is Outcome.REFUSED
