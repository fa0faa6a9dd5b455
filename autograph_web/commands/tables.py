"""`operations`, `revocation` and `limits`: print the rule tables defined in the code, in Markdown."""

from collections.abc import Iterable, Sequence

import typer

from autograph_web.commands import later


def operations() -> None:
    """Print who may do what: each REST call, form and page, and what else it requires."""
    typer.echo(markdown(later.operations_table()))


def revocation() -> None:
    """Print what ends when: for each cause, which credentials of an account are revoked."""
    typer.echo(markdown(later.revocation_table()))


def limits() -> None:
    """Print how often what may be tried: each limit, its setting and its default."""
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
