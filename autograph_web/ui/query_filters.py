"""The filters of a page with a list, as they appear in the URL."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Self
from urllib.parse import urlencode

from autograph_web.ui.routes import Route

Options = tuple[tuple[str, str], ...]
"""The options of a filter, with their labels; the first, which is empty, means all."""
ANY_TEXT: Options = ()
"""In place of options: any text."""

MAX_TEXT_LENGTH = 128


@dataclass(frozen=True, slots=True)
class QueryFilters:
    """The value of each filter, by its name in the URL; empty means all.

    The filters of a page are the fields of a subclass, which lists the valid values in `OPTIONS`.
    """

    ROUTE: ClassVar[Route]
    OPTIONS: ClassVar[Mapping[str, Options]]
    CURSOR: ClassVar[str] = "before"
    """The name of the cursor in the URL."""

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """Return the filters in `given`; invalid values and unknown names are ignored."""
        return cls(**{name: _valid(options, given.get(name)) for name, options in cls.OPTIONS.items()})

    @property
    def selected(self) -> dict[str, str]:
        """The filters that differ from their default."""
        return {name: value for name, value in asdict(self).items() if value}

    def address(self, cursor: str = "") -> str:
        """Return the URL of the page with these filters, starting at `cursor` if there is one."""
        query = urlencode(self.selected | ({self.CURSOR: cursor} if cursor else {}))
        return f"{self.ROUTE.path}?{query}" if query else self.ROUTE.path


def _valid(options: Options, value: object) -> str:
    if not isinstance(value, str):
        return ""
    if options is ANY_TEXT:
        text = value.strip()
        return text if len(text) <= MAX_TEXT_LENGTH and text.isprintable() else ""
    return value if value in dict(options) else ""
