"""`address …`: rate limits that are counted per client address."""

from __future__ import annotations

from typing import Annotated

import typer

from autograph_web.commands.common import AsJson, operator, print_json, print_line, with_services

app = typer.Typer(no_args_is_help=True, help="Lift the rate limits of an IP address.")


@app.callback()
def group() -> None:
    """Make typer require the subcommand name `unlock` even while it is the only command."""


@app.command()
def unlock(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An IPv4 or IPv6 address.")],
    as_json: AsJson = False,
) -> None:
    """Lift every rate limit of an IP address; for IPv6, of its /64."""
    lifted = with_services(lambda services: services.limits.lift_address(operator(), address))
    if as_json:
        print_json({"address": address, "lifted": lifted})
    elif lifted:
        print_line(f"{address} can try again (lifted: {', '.join(lifted)})")
    else:
        print_line(f"{address} had no limits to lift")
