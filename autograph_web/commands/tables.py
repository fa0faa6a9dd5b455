"""`operations`, `revocation` and `limits`: print the rule tables defined in the code, in Markdown."""

from collections.abc import Iterable, Sequence

import typer

from autograph_web.commands import later


def operations() -> None:
    """Print who can do what: each REST endpoint, form and page, and its requirements."""
    typer.echo(markdown(later.operations_table()))


def revocation() -> None:
    """Print which credentials of an account each event revokes."""
    typer.echo(markdown(later.revocation_table()))


def limits() -> None:
    """Print each rate limit with its setting and default."""
    rows = [("setting", "default", "for each", "counts")]
    rows += [
        (
            f"`AUTOGRAPH_{limit.setting.upper()}`",
            f"`{','.join(map(str, limit.default))}`",
            limit.per,
            limit.meaning,
        )
        for limit in later.Limit
    ]
    typer.echo(markdown(rows))


def markdown(rows: Sequence[Iterable[str]]) -> str:
    """Return rows, of which the first is the header, as a Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(list(rows[0])), *lines[1:]])
