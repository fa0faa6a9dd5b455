"""The query parser with which the dashboard is checked."""

from tests.support.metrics.promql import matches, named_in

QUERY = """
histogram_quantile(0.99, sum by (le, route) (rate(a_seconds_bucket{route="/x}",kind=~"l_.*"}[5m]))) > 0.1
and topk(8, b_total) / ignoring(x) c offset 5m
"""


def test_every_metric_is_found_with_its_matchers() -> None:
    named = named_in(QUERY)
    assert named.metrics == [
        ("a_seconds_bucket", [("route", "=", "/x}"), ("kind", "=~", "l_.*")]),
        ("b_total", []),
        ("c", []),
    ]
    assert named.grouped == {"le", "route", "x"}


def test_matchers_match() -> None:
    assert matches("=~", "login_.*", "login_failed")
    assert not matches("=~", "login", "login_failed")
    assert matches("!=", "a", "b")
    assert not matches("!~", "a|b", "b")
    assert matches("=~", "$instance", "anything")
