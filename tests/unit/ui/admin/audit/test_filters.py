"""Any content of the audit page's address results in valid criteria."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from autograph_web.ui.admin.audit.filters import Filters
from autograph_web.ui.query_filters import MAX_TEXT_LENGTH

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@given(st.dictionaries(st.sampled_from(sorted(Filters.OPTIONS)), st.text(max_size=2 * MAX_TEXT_LENGTH)))
@example({"ip": "9" * MAX_TEXT_LENGTH, "person": "p" * MAX_TEXT_LENGTH})
def test_any_text_makes_criteria(query: dict[str, str]) -> None:
    assert Filters.of(query).criteria(NOW).since is None or query.get("range")
