"""`create-admin` and `user …`: account administration for operators."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograph_web.admin.errors import AccountUnknown
from autograph_web.admin.roles import Role, Status
from autograph_web.commands import later
from autograph_web.commands.common import AsJson, operator, print_json, print_line, read_line, with_services
from autograph_web.infra.randomness import SystemRandomness, random_token
from autograph_web.infra.startup_error import StartupError

if TYPE_CHECKING:
    from autograph_web.admin.user_directory import UserDetail

_MOST_LISTED = 500
_EVENTS_SHOWN = 10
_GENERATED_BYTES = 18

Whom = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Email or account ID.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input (one line).")
]

app = typer.Typer(no_args_is_help=True, help="Manage accounts: list, create, lock, unlock, sign out.")


def create_admin(
    email: Annotated[str, typer.Argument(help="The administrator's email.")],
    password_stdin: PasswordStdin = False,
    yes: Annotated[bool, typer.Option("--yes", help="Skip the confirmation prompt.")] = False,
) -> None:
    """Create an administrator, or promote an existing account.

    A promoted account keeps its password and must sign in again.
    """
    there = with_services(lambda services: _find_or_none(services, email))
    if there is None:
        data = later.CreationInput(
            email=_clean(email)[:1024], role=Role.ADMIN, password=_password(password_stdin)
        )
        made = with_services(lambda services: services.user_provisioning.create(operator(), data))
        print_line(f"created administrator {made.email}")
        return
    _promote(there, yes=yes)


def _promote(person: later.UserSummary, *, yes: bool) -> None:
    if person.status == Status.LOCKED:
        raise StartupError(f"{person.email} is locked: run `user unlock` first")
    if person.role == Role.ADMIN:
        print_line(f"{person.email} is already an administrator")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise StartupError(f"{person.email} already has an account; pass --yes to promote it")
        typer.confirm(f"{person.email} already has an account. Promote it to administrator?", abort=True)
    with_services(lambda services: services.user_actions.set_role(operator(), person.id, Role.ADMIN))
    print_line(f"{person.email} is now an administrator (password unchanged, all sessions ended)")


@app.command("list")
def list_accounts(
    fragment: Annotated[str, typer.Argument(help="Part of the email.")] = "",
    role: Annotated[Role | None, typer.Option(help="Filter by role.")] = None,
    status: Annotated[Status | None, typer.Option(help="Filter by status.")] = None,
    after: Annotated[str, typer.Option(help="Start after this email.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST_LISTED, help="Maximum number to list.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List accounts by email."""
    wanted = later.UserFilter(_clean(fragment), role, status)
    people, following = with_services(
        lambda services: services.user_directory.page(wanted, _clean(after), limit)
    )
    if as_json:
        print_json({"accounts": [_as_object(person) for person in people], "next": following})
        return
    if not people:
        print_line("no matching accounts")
        return
    table = Table("email", "role", "status", "two-step", "verified", "created (UTC)", "last sign-in (UTC)")
    for person in people:
        table.add_row(escape(person.email), *list(_in_words(person).values())[1:])
    Console().print(table)
    if following:
        print_line(f"more accounts: --after {following}")


@app.command("show")
def show_account(whom: Whom, as_json: AsJson = False) -> None:
    """Show one account and its latest events."""
    standing, events = with_services(lambda services: _standing(services, whom))
    if as_json:
        counts = {
            "open_sessions": standing.open_sessions,
            "recovery_codes_left": standing.recovery_codes_left,
            "trusted_devices": standing.trusted_devices,
        }
        print_json(
            _as_object(standing.person) | counts | {"recent_events": [_event(event) for event in events]}
        )
        return
    table = Table(show_header=False)
    table.add_row("id", str(standing.person.id))
    for name, value in _in_words(standing.person).items():
        table.add_row(name, escape(value))
    table.add_row("active sessions", str(standing.open_sessions))
    table.add_row("recovery codes left", str(standing.recovery_codes_left))
    table.add_row("trusted browsers", str(standing.trusted_devices))
    for event in events:
        table.add_row(f"{event.at:%Y-%m-%d %H:%M}", escape(f"{event.kind.label} ({event.ip})"))
    Console().print(table)


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The new account's email.")],
    role: Annotated[Role, typer.Option(help="Role.")] = Role.USER,
    password_stdin: PasswordStdin = False,
    generate: Annotated[bool, typer.Option("--generate", help="Generate a password and print it.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="Email a link to set a password.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create an account; without a password option, print a link to set one, valid for 24 hours."""
    if password_stdin + generate + invite > 1:
        raise typer.BadParameter("use only one of --password-stdin, --generate and --invite")
    password = _password(from_stdin=True) if password_stdin else None
    if generate:
        password = later.SecretStr(random_token(SystemRandomness(), _GENERATED_BYTES))
    data = later.CreationInput(email=_clean(email)[:1024], role=role, password=password, invite=invite)
    made = with_services(lambda services: services.user_provisioning.create(operator(), data))
    told = password.get_secret_value() if password and generate else None
    _tell_of(made, told, invite=invite, as_json=as_json)


def _tell_of(made: later.Created, password: str | None, *, invite: bool, as_json: bool) -> None:
    link = None if invite else made.link
    if as_json:
        print_json({"email": made.email, "password": password, "link": link})
        return
    print_line(f"created {made.email}")
    if password:
        print_line(f"password (shown once): {password}")
    if link:
        print_line(f"set-password link (works once, expires in 24 hours): {link}")
    if invite:
        print_line(f"emailed {made.email} a link to set a password")


@app.command()
def lock(whom: Whom, as_json: AsJson = False) -> None:
    """Lock an account and sign it out everywhere."""
    _change(
        whom,
        lambda services, person: services.user_actions.lock(operator(), person.id),
        ("is locked and signed out everywhere", "was already locked; signed out everywhere"),
        as_json,
    )


@app.command()
def unlock(whom: Whom, as_json: AsJson = False) -> None:
    """Unlock an account."""
    _change(
        whom,
        lambda services, person: services.user_actions.unlock(operator(), person.id),
        ("can sign in again", "was not locked"),
        as_json,
    )


@app.command("role")
def set_role(
    whom: Whom,
    role: Annotated[Role, typer.Argument(help="New role.")],
    as_json: AsJson = False,
) -> None:
    """Change the role of an account and sign it out everywhere."""
    _change(
        whom,
        lambda services, person: services.user_actions.set_role(operator(), person.id, role),
        (f"now has the role {role}; signed out everywhere", f"already had the role {role}"),
        as_json,
    )


@app.command("end-sessions")
def end_sessions(whom: Whom, as_json: AsJson = False) -> None:
    """Sign an account out everywhere."""
    _change(
        whom,
        lambda services, person: services.user_actions.end_sessions(operator(), person.id),
        ("is signed out everywhere", "is signed out everywhere; no session was active"),
        as_json,
    )


@app.command("reset-mfa")
def reset_mfa(whom: Whom, as_json: AsJson = False) -> None:
    """Remove the authenticator app, recovery codes and trusted browsers of an account.

    It can then sign in with just a password: make sure the request really comes from its user.
    """

    async def act(services: later.Services, person: later.UserSummary) -> bool:
        await services.user_actions.reset_mfa(operator(), person.id)
        return True

    _change(whom, act, ("can sign in with just a password; signed out everywhere", ""), as_json)


def _change(
    whom: str,
    act: Callable[[later.Services, later.UserSummary], Awaitable[object]],
    told: tuple[str, str],
    as_json: bool,
) -> None:
    async def change(services: later.Services) -> tuple[bool, later.UserSummary]:
        person = await services.user_directory.find(_clean(whom))
        changed = bool(await act(services, person))
        return changed, await services.user_directory.find(str(person.id))

    changed, person = with_services(change)
    if as_json:
        print_json({"changed": changed, "account": _as_object(person)})
    else:
        print_line(f"{person.email} {told[0] if changed else told[1]}")


async def _find_or_none(services: later.Services, email: str) -> later.UserSummary | None:
    try:
        return await services.user_directory.find(_clean(email))
    except AccountUnknown:
        return None


async def _standing(services: later.Services, whom: str) -> tuple[UserDetail, list[later.AuditEvent]]:
    person = await services.user_directory.find(_clean(whom))
    events = await services.audit_log.recent(person.id, _EVENTS_SHOWN)
    return await services.user_directory.standing(person), events


def _password(from_stdin: bool) -> later.SecretStr:
    if from_stdin:
        return later.SecretStr(read_line())
    if not sys.stdin.isatty():
        raise typer.BadParameter("no terminal for a password prompt: use --password-stdin")
    typed = typer.prompt("Password", hide_input=True, confirmation_prompt="Repeat password")
    return later.SecretStr(str(typed))


def _clean(text: str) -> str:
    # A command line may contain bytes that are not valid text, which no address contains.
    if not text.isprintable():
        raise typer.BadParameter("an email is one line of UTF-8 text")
    return text


def _as_object(person: later.UserSummary) -> dict[str, Any]:
    last = person.last_sign_in_at
    return {
        "id": str(person.id),
        "email": person.email,
        "role": person.role,
        "status": person.status,
        "mfa_enabled": person.mfa_enabled,
        "email_verified": person.email_verified,
        "created_at": person.created_at.isoformat(),
        "last_sign_in_at": last.isoformat() if last else None,
    }


def _in_words(person: later.UserSummary) -> dict[str, str]:
    last = person.last_sign_in_at
    return {
        "email": person.email,
        "role": person.role,
        "status": person.status,
        "two-step": "on" if person.mfa_enabled else "off",
        "verified": "yes" if person.email_verified else "no",
        "created (UTC)": f"{person.created_at:%Y-%m-%d %H:%M}",
        "last sign-in (UTC)": f"{last:%Y-%m-%d %H:%M}" if last else "never",
    }


def _event(event: later.AuditEvent) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "kind": event.kind.value, "ip": event.ip, "details": event.details}
