"""The registry of commands; the module of a command is imported only when it is called."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class CommandLocation:
    """Where a command is implemented, and its help text in the list of commands."""

    module: str
    function: str  # empty for a group: the module's `app`
    told: str


COMMANDS = {
    "run": CommandLocation(
        "serving",
        "run",
        "Start the server: build the pages if need be, bring the database up to date, serve.",
    ),
    "dev": CommandLocation(
        "serving", "dev", "Start the server and restart it, pages included, whenever a source file changes."
    ),
    "migrate": CommandLocation("serving", "migrate_command", "Bring the database up to date."),
    "build": CommandLocation("serving", "build", "Build the pages if they are not up to date."),
    "revision": CommandLocation(
        "serving",
        "revision",
        "Write the next database migration from the difference to the models (for developers).",
    ),
    "create-admin": CommandLocation(
        "user", "create_admin", "Make an administrator: a new account, or one there is."
    ),
    "doctor": CommandLocation(
        "doctor", "doctor", "Check settings, secrets, disk, database, Redis, mail and pages; one line each."
    ),
    "keys": CommandLocation("keys", "", "Secrets and what is sealed with them."),
    "user": CommandLocation("user", "", "Accounts: find, make, lock, unlock, sign out."),
    "address": CommandLocation("address", "", "Addresses of clients: lift their limits on tries."),
    "flags": CommandLocation("flags", "", "Feature flags: see and switch them while the server runs."),
    "mail": CommandLocation(
        "mail", "", "List the letters that are not out, without what they say; or act upon them."
    ),
    "operations": CommandLocation(
        "tables",
        "operations",
        "Print who may do what: each REST call, form and page, and what else it requires.",
    ),
    "revocation": CommandLocation(
        "tables",
        "revocation",
        "Print what ends when: for each cause, which credentials of an account are revoked.",
    ),
    "limits": CommandLocation(
        "tables", "limits", "Print how often what may be tried: each limit, its setting and its default."
    ),
    "audit": CommandLocation("audit", "", "The audit log: whether it is whole, and all of it as a file."),
}


class LazyGroup(TyperGroup):
    """A command group that lists all commands without importing them, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a placeholder for a command that has only its help text."""
        place = COMMANDS.get(cmd_name)
        return place and TyperCommand(cmd_name, help=place.told)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is called, imported together with its options and subcommands."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(str(found.name)) if found else found, rest


def load(name: str) -> Any:
    """Import a command and return it."""
    place = COMMANDS[name]
    module = import_module(f"autograph_web.commands.{place.module}")
    app: typer.Typer = module.app if not place.function else typer.Typer(add_completion=False)
    if place.function:
        app.command(name)(getattr(module, place.function))
    found = typer.main.get_command(app)
    found.name = name
    return found
