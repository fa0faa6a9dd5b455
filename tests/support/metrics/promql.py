"""Enough of PromQL, the query language of Prometheus, to find the metrics and labels a query names."""

import re
from dataclasses import dataclass, field

_TEXT = r'"(?:[^"\\]|\\.)*"'
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(rf"(?<![\w.])([a-zA-Z_:][\w:]*+)\s*+(\{{(?:[^}}\"]|{_TEXT})*\}})?+(?!\s*\()")
_MATCHER = re.compile(rf"(\w+)\s*(=~|!~|!=|=)\s*({_TEXT})")
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_VARIABLE = re.compile(r"\$\w+")


@dataclass
class Named:
    """What a query refers to: each metric with its matchers, and the labels it groups by."""

    metrics: list[tuple[str, list[tuple[str, str, str]]]] = field(default_factory=list)
    grouped: set[str] = field(default_factory=set)


def named_in(query: str) -> Named:
    """Return what `query` refers to; every word that is neither a function nor an operator is a metric."""
    named = Named()
    for labels in _GROUPED.findall(query):
        named.grouped |= {label.strip() for label in labels.split(",") if label.strip()}
    rest = re.sub(r"\[[^\]]*\]", "", _GROUPED.sub(" ", query))
    for word, matchers in _SELECTOR.findall(rest):
        if word.lower() not in _WORDS and not re.match(r"^(sum|min|max|avg|count|topk)$", word):
            found = [(name, sign, text[1:-1]) for name, sign, text in _MATCHER.findall(matchers)]
            named.metrics.append((word, found))
    return named


def matches(sign: str, wanted: str, value: str) -> bool:
    """Return True if a label's value satisfies a matcher; a dashboard variable is satisfied by any value."""
    if _VARIABLE.search(wanted):
        return True
    same = re.fullmatch(wanted, value) is not None if "~" in sign else wanted == value
    return same != sign.startswith("!")
