"""Reading our own sources as syntax trees, for the tests of the architecture."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "autograph_web"


@dataclass(frozen=True)
class Module:
    """One module of the product: its dotted name and its source."""

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def part(self) -> str:
        """The package below autograph_web it belongs to, or its own name at the top level."""
        return self.name.removeprefix(f"{PACKAGE}.").split(".")[0]

    @cached_property
    def imports(self) -> frozenset[str]:
        """Everything imported anywhere in it, in functions too: modules, and `module.name` for each name."""
        return frozenset(name for node in ast.walk(self.tree) for name in self._imported(node))

    @cached_property
    def uses(self) -> frozenset[str]:
        """What it refers to by a dotted name, with import aliases resolved, and every imported name."""
        dotted = (_dotted(node) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute))
        return self.imports | {self._resolve(name) for name in dotted if name}

    def _imported(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            source = self._absolute(node)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.name.split(".")[: -node.level]
        return ".".join([*above, *(node.module or "").split(".")]).strip(".")

    @cached_property
    def _aliases(self) -> dict[str, str]:
        aliases: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                aliases.update({alias.asname: alias.name for alias in node.names if alias.asname})
            if isinstance(node, ast.ImportFrom):
                source = self._absolute(node)
                aliases.update({alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names})
        return aliases

    def _resolve(self, dotted: str) -> str:
        first, separator, rest = dotted.partition(".")
        return f"{self._aliases.get(first, first)}{separator}{rest}"


def product_modules() -> list[Module]:
    """Every module of the product."""
    return [Module(_name_of(file), file.read_text()) for file in sorted((ROOT / PACKAGE).rglob("*.py"))]


def _name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, and "" for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := _dotted(node.value)):
        return f"{inner}.{node.attr}"
    return ""
