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
        "Start the server: build the pages if needed, migrate the database, serve.",
    ),
    "dev": CommandLocation(
        "serving", "dev", "Start the server and restart it, pages included, whenever a source file changes."
    ),
    "migrate": CommandLocation("serving", "migrate_command", "Migrate the database to the latest schema."),
    "build": CommandLocation("serving", "build", "Build the pages if they are not up to date."),
    "revision": CommandLocation(
        "serving",
        "revision",
        "Generate the next database migration from changes to the models (for developers).",
    ),
    "create-admin": CommandLocation(
        "user", "create_admin", "Create an administrator, or promote an existing account."
    ),
    "doctor": CommandLocation(
        "doctor", "doctor", "Check settings, secrets, disk, database, Redis, mail and pages; one line each."
    ),
    "keys": CommandLocation("keys", "", "Rotate server secrets and re-encrypt stored data."),
    "user": CommandLocation("user", "", "Manage accounts: list, create, lock, unlock, sign out."),
    "address": CommandLocation("address", "", "Lift the rate limits of an IP address."),
    "flags": CommandLocation("flags", "", "Feature flags: list and change without a restart."),
    "mail": CommandLocation("mail", "", "Show and retry queued or failed email."),
    "operations": CommandLocation(
        "tables",
        "operations",
        "Print who can do what: each REST endpoint, form and page, and its requirements.",
    ),
    "revocation": CommandLocation(
        "tables",
        "revocation",
        "Print which credentials of an account each event revokes.",
    ),
    "limits": CommandLocation("tables", "limits", "Print each rate limit with its setting and default."),
    "audit": CommandLocation("audit", "", "Verify and export the audit log."),
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
