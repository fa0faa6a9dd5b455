"""The fixtures and hooks of all tests."""

import gc

import pytest

from tests.support.runner.compiled_statements import share_compiled_statements
from tests.support.runner.logging_setup import plain_logging
from tests.support.runner.retries import AFTER_SILENCE, ask_at_once
from tests.support.runner.temporary_files import keep_in_memory

pytest_plugins = [
    "tests.support.servers.databases",
    "tests.support.services.clock",
    "tests.support.services.randomness",
    "tests.support.mail.mailbox",
    "tests.support.services.app",
    "tests.support.servers.inspection",
    "tests.support.servers.live_server",
    "tests.support.metrics.scraping",
    "tests.support.servers.trace_collector",
    "tests.support.servers.several_servers",
    "tests.support.servers.sentinel",
    "tests.support.servers.postgres_pair",
]

# What is imported and collected stays to the end; `pytest_runtestloop` excludes it from garbage collection
# for good.
gc.disable()
keep_in_memory()
plain_logging()
share_compiled_statements()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Avoid delays between two tests."""
    ask_at_once(config)


def needs_postgres(item: pytest.Item) -> bool:
    """Return True if a test runs on PostgreSQL, by a fixture of its own or as one of its parameters."""
    parameters: dict[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return "postgres" in parameters.values() or any("postgres" in name for name in fixtures)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that need PostgreSQL."""
    if needs_postgres(item):
        item.add_marker("postgres")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a second try to a test in which PostgreSQL or Redis did not answer in time."""
    for item in items:
        if item.get_closest_marker("flaky") is None:
            item.add_marker(AFTER_SILENCE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Exclude modules and tests from garbage collection, which takes a tenth of each test's time."""
    gc.freeze()
    gc.enable()
