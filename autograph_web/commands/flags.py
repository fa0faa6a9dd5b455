"""`flags …`: list and switch the feature flags of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograph_web.commands.common import AsJson, operator, print_json, print_line, with_services
from autograph_web.flags.inputs import ALL_ACCOUNTS, FlagChange, parse_flag_change
from autograph_web.infra.errors import DomainError
from autograph_web.infra.startup_error import StartupError

if TYPE_CHECKING:
    from autograph_web.flags.flags import FlagState

Name = Annotated[str, typer.Argument(metavar="FLAG", help="Name of the flag.")]

app = typer.Typer(no_args_is_help=True, help="Feature flags: list and change without a restart.")


@app.command("list")
def list_flags(as_json: AsJson = False) -> None:
    """List all flags and their values."""
    found = with_services(lambda services: services.flags.all())
    if as_json:
        print_json({"flags": [_as_object(standing) for standing in found]})
        return
    table = Table("flag", "value", "rollout", "default", "changed by", "meaning")
    for standing in found:
        flag, switched = standing.flag, standing.switched
        by = f"{escape(switched.by)}, {switched.at:%Y-%m-%d %H:%M} UTC" if switched else ""
        share = f"{standing.percent}%"
        table.add_row(flag.name, standing.word, share, standing.default, by, flag.meanings[standing.word])
    Console().print(table)


@app.command("set")
def set_flag(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="New value, e.g. on or off.")],
    percent: Annotated[int, typer.Option(help="Apply to this percentage of accounts.")] = ALL_ACCOUNTS,
    as_json: AsJson = False,
) -> None:
    """Change a flag; every worker applies it within seconds."""
    _switch(name, value, percent, as_json=as_json)


@app.command()
def reset(name: Name, as_json: AsJson = False) -> None:
    """Reset a flag to the server's configuration."""
    _switch(name, None, ALL_ACCOUNTS, as_json=as_json)


def _switch(name: str, value: str | None, percent: int, *, as_json: bool) -> None:
    data = _wish(name, value, percent)
    who = operator()
    standing = with_services(lambda services: services.flags.change(who.context, who.actor, data))
    if as_json:
        print_json(_as_object(standing))
    else:
        print_line(f"{standing.flag.name} is {standing.in_words}")


def _wish(name: str, value: str | None, percent: int) -> FlagChange:
    try:
        return parse_flag_change(name, value, percent)
    except DomainError as refusal:
        raise StartupError(f"{refusal.detail} Run `flags list` to see all flags.") from None


def _as_object(standing: FlagState) -> dict[str, Any]:
    switched = standing.switched
    return {
        "name": standing.flag.name,
        "value": standing.word,
        "percent": standing.percent,
        "default": standing.default,
        "choices": list(standing.flag.choices),
        "changed_at": switched.at.isoformat(timespec="seconds") if switched else None,
        "changed_by": switched.by if switched else None,
    }
