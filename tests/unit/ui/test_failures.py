"""How a page shows that an event failed."""

import logging

import pytest

from autograph_web.infra.errors import DomainError, InternalError, NotFound
from autograph_web.ui.failures import show_failure


async def failing(error: Exception) -> None:
    raise error


async def shown_for(error: Exception) -> DomainError:
    shown: list[DomainError] = []
    await show_failure(failing(error), shown.append)
    [only] = shown
    return only


async def test_a_refusal_is_shown_as_it_is_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    refused = NotFound()
    assert await shown_for(refused) is refused
    assert not caplog.records


async def test_a_fault_is_logged_with_its_trace_and_shown_without(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    shown = await shown_for(RuntimeError("a detail of ours"))
    assert isinstance(shown, InternalError)
    assert "a detail of ours" not in shown.detail
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)
