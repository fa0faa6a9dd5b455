"""Who may fail once, and why: docs/decisions/0030-second-try.md."""

import pytest

SECOND_TRY = pytest.mark.flaky(reruns=1)
"""For tests that depend on programs which are not ours keeping pace; the summary names every second try."""
