"""The dashboard and the alerts that ship with the product, and what their queries refer to."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from autograph_web.audit.event_types import EventType
from tests.support.metrics.promql import matches, named_in
from tests.support.metrics.scraping import Figures, labels_of

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
# The labels that Prometheus adds to every sample, and the one metric that is its own.
_ADDED = {"instance", "job"}
_OWN = "up"
# Values that occur only when something fails.
_RARE = {("status", "5xx"), ("outcome", "failed")}


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    return json.loads((DEPLOY / "grafana" / "autograph.json").read_text("utf-8"))


def alert_rules() -> list[dict[str, Any]]:
    """Return the rules of every group."""
    read: Any = cast(Any, yaml).safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def scrape_config() -> dict[str, Any]:
    """Return the configuration of Prometheus."""
    return cast(Any, yaml).safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))


def queries() -> Iterator[tuple[str, str]]:
    """Yield each query with its place."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield (
                f"variable {variable['name']}",
                re.sub(r"label_values\(([^,]+),\s*(\w+)\)", r"sum by (\2) (\1)", variable["definition"]),
            )
    for rule in alert_rules():
        yield f"alert {rule['alert']}", rule["expr"]


def missing(query: str, figures: Figures) -> list[str]:
    """Return what a query refers to that the metrics of a server do not have."""
    labels, named = labels_of(figures), named_in(query)
    wrong = [] if named.metrics else ["it names no metric"]
    known = {label for name, _ in named.metrics for label in labels.get(name, ())} | _ADDED
    wrong += [f"no label {label}" for label in named.grouped - known]
    for name, matchers in named.metrics:
        if name != _OWN and name not in labels:
            wrong.append(f"no metric {name}")
            continue
        for label, sign, text in matchers:
            if label not in _ADDED and not _has(figures, name, label, sign, text):
                wrong.append(f"nothing of {name} has {label}{sign}{text}")
    return wrong


def _has(figures: Figures, name: str, label: str, sign: str, text: str) -> bool:
    values = {dict(labels).get(label) for found, labels in figures if found == name}
    if (label, text) in _RARE:
        return values != {None}
    if label == "kind":  # each alternative must be one of our event types
        return all(any(matches(sign, part, kind.value) for kind in EventType) for part in text.split("|"))
    return any(matches(sign, text, value) for value in values if value is not None)
