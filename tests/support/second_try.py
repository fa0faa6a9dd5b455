"""Who may fail once, and why: docs/decisions/0030-second-try.md. The summary names every second try."""

import pytest

SECOND_TRY = pytest.mark.flaky(reruns=1)
"""For tests that depend on programs which are not ours keeping pace."""

AFTER_SILENCE = pytest.mark.flaky(reruns=1, only_rerun=["Unavailable", "RedisDown", "TimeoutError"])
"""For every other test: when what went wrong is that PostgreSQL or Redis said nothing in time."""
