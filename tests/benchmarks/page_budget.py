"""What Lighthouse reports about a page, and the budget it is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.client import Wrong
from tests.benchmarks.figures import spread
from tests.benchmarks.report import Goal, markdown, marked

MOST_BYTES = 175_000
"""The transfer size that a page may have for a browser with an empty cache."""

_KINDS = ("document", "stylesheet", "script", "font")
_HEAD = ("page", "score", "LCP", "TBT", "CLS", "HTML", "CSS", "scripts", "fonts", "other", "all", "budget")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the limit for painting its largest part, in seconds, and for its transfer size, in bytes."""

    path: str
    most_lcp: float
    most_bytes: int


SIGNED_OUT = tuple(Page(path, 1.2, MOST_BYTES) for path in ("/", "/login", "/register", "/password-reset"))
# Most of these files are cached already for a user who comes from the sign-in page.
SIGNED_IN = tuple(Page(path, 2.0, 185_000) for path in ("/dashboard", "/settings/security"))


@dataclass(frozen=True, slots=True)
class Look:
    """The result of one measurement of a page: score, seconds, milliseconds, shift, and bytes by kind."""

    score: int
    lcp: float
    tbt: float
    cls: float
    sizes: dict[str, int]

    @property
    def total(self) -> int:
        return self.sizes["total"]


def read_report(report: Any, page: Page) -> Look:
    """Extract the figures from Lighthouse's report.

    Raises:
        Wrong: It is about another page, or none.
    """
    if error := report.get("runtimeError"):
        raise Wrong(f"{page.path}: {error['message']}")
    shown = report["finalDisplayedUrl"].partition("://")[2].partition("/")[2]
    if f"/{shown}" != page.path:
        raise Wrong(f"{page.path} led to /{shown}")
    audits = report["audits"]
    by_kind = audits["resource-summary"]["details"]["items"]
    return Look(
        round(report["categories"]["performance"]["score"] * 100),
        audits["largest-contentful-paint"]["numericValue"] / 1e3,
        audits["total-blocking-time"]["numericValue"],
        audits["cumulative-layout-shift"]["numericValue"],
        {one["resourceType"]: one["transferSize"] for one in by_kind},
    )


def goals(page: Page, looks: Sequence[Look]) -> list[Goal]:
    """Compare the median of the measurements with the page's budget."""

    def most(text: str, values: Sequence[float], limit: float) -> Goal:
        return Goal(text, median(values) <= limit)

    return [
        Goal("≥ 98", median(look.score for look in looks) >= 98),
        most(f"LCP ≤ {page.most_lcp} s", [look.lcp for look in looks], page.most_lcp),
        most("TBT ≤ 100 ms", [look.tbt for look in looks], 100),
        most("CLS ≤ .01", [look.cls for look in looks], 0.01),
        most(f"≤ {page.most_bytes // 1000} kB", [look.total for look in looks], page.most_bytes),
    ]


def table(measured: dict[Page, list[Look]]) -> str:
    """The pages as a Markdown table."""
    return markdown(_HEAD, [_cells(page, looks) for page, looks in measured.items()])


def _cells(page: Page, looks: Sequence[Look]) -> tuple[str, ...]:
    named = [median(look.sizes.get(kind, 0) for look in looks) for kind in _KINDS]
    total = median(look.total for look in looks)
    sizes = [f"{size / 1e3:.1f}" for size in (*named, total - sum(named))]
    return (
        f"`{page.path}`",
        spread(look.score for look in looks),
        spread((look.lcp for look in looks), " s", ".2f"),
        spread((look.tbt for look in looks), " ms"),
        f"{median(look.cls for look in looks):.3f}",
        *sizes,
        f"{total / 1e3:.1f} kB",
        marked(goals(page, looks)),
    )
