"""What is read from Lighthouse's reports, and when a page is over its budget."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.client import Wrong
from tests.benchmarks.lighthouse import COMMAND, LOCK
from tests.benchmarks.page_budget import MOST_BYTES, Look, Page, goals, read_report, table
from tests.benchmarks.report import markers
from tests.support.browser import chromium
from tests.support.product.sources import ROOT

LOGIN = Page("/login", 1.2, MOST_BYTES)


def report(figures: dict[str, float] | None = None) -> dict[str, Any]:
    """The parts of Lighthouse's report that we read."""
    found = {"score": 0.99, "lcp": 1100.0, "tbt": 20.0, "cls": 0.0, "total": 150_000} | (figures or {})
    items = [{"resourceType": "total", "transferSize": found["total"]}]
    items += [{"resourceType": "script", "transferSize": found["total"] - 10_000}]
    return {
        "finalDisplayedUrl": "http://localhost:3000/login",
        "categories": {"performance": {"score": found["score"]}},
        "audits": {
            "largest-contentful-paint": {"numericValue": found["lcp"]},
            "total-blocking-time": {"numericValue": found["tbt"]},
            "cumulative-layout-shift": {"numericValue": found["cls"]},
            "resource-summary": {"details": {"items": items}},
        },
    }


def look(**figures: float) -> Look:
    return read_report(report(figures), LOGIN)


def test_a_report_is_read_in_our_units() -> None:
    assert look() == Look(99, 1.1, 20.0, 0.0, {"total": 150_000, "script": 140_000})


def test_a_report_on_another_page_or_none_is_void() -> None:
    with pytest.raises(Wrong, match="led to /login"):
        read_report(report(), Page("/dashboard", 2.0, MOST_BYTES))
    with pytest.raises(Wrong, match="no paint"):
        read_report(report() | {"runtimeError": {"message": "no paint"}}, LOGIN)


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        ({}, []),
        ({"score": 0.98, "lcp": 1200, "tbt": 100, "cls": 0.01, "total": MOST_BYTES}, []),
        ({"score": 0.97}, ["≥ 98"]),
        ({"lcp": 1201}, ["LCP ≤ 1.2 s"]),
        ({"tbt": 101}, ["TBT ≤ 100 ms"]),
        ({"cls": 0.011}, ["CLS ≤ .01"]),
        ({"total": MOST_BYTES + 1}, ["≤ 175 kB"]),
    ],
)
def test_each_part_of_the_budget_is_held(figures: dict[str, float], missed: list[str]) -> None:
    assert [goal.text for goal in goals(LOGIN, [look(**figures)]) if not goal.met] == missed


def test_one_bad_look_of_three_is_forgiven_and_two_are_not() -> None:
    good, bad = look(), look(score=0.5)
    assert all(goal.met for goal in goals(LOGIN, [good, bad, good]))
    assert not all(goal.met for goal in goals(LOGIN, [bad, bad, good]))


def test_the_table_tells_the_bytes_by_kind() -> None:
    row = table({LOGIN: [look()]}).splitlines()[-1]
    assert row.startswith("| `/login` | 99 (99–99) | 1.10 s (1.10–1.10) | 20 ms (20–20) | 0.000 |")
    assert "| 0.0 | 0.0 | 140.0 | 0.0 | 10.0 | 150.0 kB | ✓ ≥ 98" in row


def test_the_published_table_has_its_place() -> None:
    text, (begin, end) = (ROOT / "docs" / "performance.md").read_text(), markers(COMMAND)
    assert text.index(begin) < text.index(end)


@pytest.mark.parametrize(("lock", "package"), [(LOCK, "lighthouse"), (chromium.LOCK, chromium.PACKAGE)])
def test_what_comes_from_npm_is_pinned_exactly_and_wherever_it_comes_from(lock: Path, package: str) -> None:
    pinned = json.loads((lock / "package-lock.json").read_text())["packages"]
    wanted = json.loads((lock / "package.json").read_text())["dependencies"]
    assert pinned[""]["dependencies"] == wanted == {package: pinned[f"node_modules/{package}"]["version"]}
    others = {name: one for name, one in pinned.items() if name}
    assert all(one.get("integrity") and not one.get("resolved") for one in others.values())
