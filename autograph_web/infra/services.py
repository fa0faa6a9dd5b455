"""How the services of a package are declared, so that the container need not know them one by one."""

from collections.abc import Iterator
from dataclasses import field, fields
from typing import Any

_USE_CASE = "use case"


def use_case() -> Any:
    """Declare a field whose calls are use cases: each gets a span while traces are on.

    Fields without it are building blocks that use cases are made of.
    """
    return field(metadata={_USE_CASE: True})


def use_cases_of(services: Any) -> Iterator[str]:
    """Yield the names of the fields that were declared with `use_case`."""
    return (one.name for one in fields(services) if _USE_CASE in one.metadata)


def merged(*parts: Any) -> dict[str, Any]:
    """Return the fields of the services of several packages, by name."""
    return {one.name: getattr(part, one.name) for part in parts for one in fields(part)}
