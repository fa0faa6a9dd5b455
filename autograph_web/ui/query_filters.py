"""What a person chooses on a page that lists, as it stands in the address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Self
from urllib.parse import urlencode

from autograph_web.ui.routes import Route

Options = tuple[tuple[str, str], ...]
"""What a choice may be, with the words for it; the first, which is empty, means all."""
ANY_TEXT: Options = ()
"""In place of options: whatever is typed."""

MAX_TEXT_LENGTH = 128


@dataclass(frozen=True, slots=True)
class QueryFilters:
    """One value of each choice, by the name it has in the address; empty means all.

    A page's own choices are the fields of a subclass, which says what each may be in `OPTIONS`.
    """

    ROUTE: ClassVar[Route]
    OPTIONS: ClassVar[Mapping[str, Options]]
    CURSOR: ClassVar[str] = "before"
    """The name in the address of the place in the list."""

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Self:
        """Return what `given` chooses; what is none of the choices is left out, wherever it came from."""
        return cls(**{name: _valid(options, given.get(name)) for name, options in cls.OPTIONS.items()})

    @property
    def selected(self) -> dict[str, str]:
        """What is not left at its default."""
        return {name: value for name, value in asdict(self).items() if value}

    def address(self, cursor: str = "") -> str:
        """Return where the page shows this, from that place in the list on if there is one."""
        query = urlencode(self.selected | ({self.CURSOR: cursor} if cursor else {}))
        return f"{self.ROUTE.path}?{query}" if query else self.ROUTE.path


def _valid(options: Options, value: object) -> str:
    if not isinstance(value, str):
        return ""
    if options is ANY_TEXT:
        text = value.strip()
        return text if len(text) <= MAX_TEXT_LENGTH and text.isprintable() else ""
    return value if value in dict(options) else ""
