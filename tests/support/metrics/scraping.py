"""Reading the output of /metrics."""

import re
from collections.abc import Awaitable, Callable, Mapping

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.clients.plain_http import PLAIN
from tests.support.services.app import Connect

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]
Scrape = Callable[[], Awaitable[Figures]]
HERE = "127.0.0.1"


@pytest.fixture
def scrape(connect: Connect) -> Scrape:
    """Reads the metrics as a Prometheus on the same machine would."""
    client = connect(ip=HERE)

    async def read() -> Figures:
        response = await client.get("/metrics")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert not looks_personal(response.text), response.text
        return parse(response.text)

    return read


async def grown(scrape: Scrape, act: Awaitable[object], name: str, **labels: str) -> float:
    """Return how much a metric grows while `act` runs."""
    before = value(await scrape(), name, **labels)
    await act
    return value(await scrape(), name, **labels) - before


def parse(text: str) -> Figures:
    """Return every sample by its name and labels; each is unique, and each family has a help text."""
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def scrape_server(base_url: str) -> Figures:
    """Read the metrics of a running server on this machine."""
    response = httpx.get(f"{base_url}/metrics", verify=PLAIN)
    assert response.status_code == 200, response.text
    return parse(response.text)


def value(figures: Figures, name: str, **labels: str) -> float:
    """Return one sample, or 0 if nothing has been counted under it yet."""
    return figures.get((name, frozenset(labels.items())), 0.0)


def labels_of(figures: Figures) -> Mapping[str, set[str]]:
    """Return the names of the labels of every sample."""
    found: dict[str, set[str]] = {}
    for name, labels in figures:
        found.setdefault(name, set()).update(label for label, _ in labels)
    return found


def looks_personal(text: str) -> bool:
    """Return True if a text contains what metrics must never contain: an IP address, an id or an email."""
    return bool(re.search(r"@|\b\d+\.\d+\.\d+\.\d+\b|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}", text))
