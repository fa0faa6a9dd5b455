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

Whom = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The address or the id of the account.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from one line.")]

app = typer.Typer(no_args_is_help=True, help="Accounts: find, make, lock, unlock, sign out.")


def create_admin(
    email: Annotated[str, typer.Argument(help="The address of the administrator.")],
    password_stdin: PasswordStdin = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before an account is promoted.")] = False,
) -> None:
    """Make an administrator: a new account, or one there is.

    An account there is keeps its password and signs in again.
    """
    there = with_services(lambda services: _find_or_none(services, email))
    if there is None:
        data = later.CreationInput(
            email=_clean(email)[:1024], role=Role.ADMIN, password=_password(password_stdin)
        )
        made = with_services(lambda services: services.user_provisioning.create(operator(), data))
        print_line(f"{made.email} is an administrator")
        return
    _promote(there, yes=yes)


def _promote(person: later.UserSummary, *, yes: bool) -> None:
    if person.status == Status.LOCKED:
        raise StartupError(f"{person.email} is locked: run `user unlock` first")
    if person.role == Role.ADMIN:
        print_line(f"{person.email} is an administrator already")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise StartupError(f"{person.email} has an account: add --yes to make it an administrator's")
        typer.confirm(f"{person.email} has an account. Make it an administrator's?", abort=True)
    with_services(lambda services: services.user_actions.set_role(operator(), person.id, Role.ADMIN))
    print_line(f"{person.email} is an administrator now; the password is as it was, every sign-in has ended")


@app.command("list")
def list_accounts(
    fragment: Annotated[str, typer.Argument(help="A part of the address.")] = "",
    role: Annotated[Role | None, typer.Option(help="Only those of this role.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those of this status.")] = None,
    after: Annotated[str, typer.Option(help="Go on after this address.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST_LISTED, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List accounts by address."""
    wanted = later.UserFilter(_clean(fragment), role, status)
    people, following = with_services(
        lambda services: services.user_directory.page(wanted, _clean(after), limit)
    )
    if as_json:
        print_json({"accounts": [_as_object(person) for person in people], "next": following})
        return
    if not people:
        print_line("no such account")
        return
    table = Table("address", "role", "status", "two-step", "confirmed", "made (UTC)", "last sign-in (UTC)")
    for person in people:
        table.add_row(escape(person.email), *list(_in_words(person).values())[1:])
    Console().print(table)
    if following:
        print_line(f"there are more: --after {following}")


@app.command("show")
def show_account(whom: Whom, as_json: AsJson = False) -> None:
    """Show one account, how it stands and what happened to it last."""
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
    table.add_row("open sessions", str(standing.open_sessions))
    table.add_row("recovery codes left", str(standing.recovery_codes_left))
    table.add_row("trusted devices", str(standing.trusted_devices))
    for event in events:
        table.add_row(f"{event.at:%Y-%m-%d %H:%M}", escape(f"{event.kind.label} ({event.ip})"))
    Console().print(table)


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The address of the new account.")],
    role: Annotated[Role, typer.Option(help="What its owner may do.")] = Role.USER,
    password_stdin: PasswordStdin = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password up and print it.")] = False,
    invite: Annotated[bool, typer.Option("--invite", help="Mail a link for choosing a password.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account; without a password option, print a link for choosing one, good for a day."""
    if password_stdin + generate + invite > 1:
        raise typer.BadParameter("choose one of --password-stdin, --generate and --invite")
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
    print_line(f"{made.email} has an account")
    if password:
        print_line(f"the password, shown only now: {password}")
    if link:
        print_line(f"a password is chosen here, once, within 24 hours: {link}")
    if invite:
        print_line("a letter with a link for choosing a password is on its way")


@app.command()
def lock(whom: Whom, as_json: AsJson = False) -> None:
    """Lock an account and sign it out everywhere."""
    _change(
        whom,
        lambda services, person: services.user_actions.lock(operator(), person.id),
        ("is locked and signed out everywhere", "was locked already, and is signed out everywhere"),
        as_json,
    )


@app.command()
def unlock(whom: Whom, as_json: AsJson = False) -> None:
    """Let the owner of an account sign in again."""
    _change(
        whom,
        lambda services, person: services.user_actions.unlock(operator(), person.id),
        ("may sign in again", "was not locked"),
        as_json,
    )


@app.command("role")
def set_role(
    whom: Whom,
    role: Annotated[Role, typer.Argument(help="What it may do from now on.")],
    as_json: AsJson = False,
) -> None:
    """Give an account a role; its owner signs in again."""
    _change(
        whom,
        lambda services, person: services.user_actions.set_role(operator(), person.id, role),
        (f"has the role {role} now, and is signed out everywhere", f"had the role {role} already"),
        as_json,
    )


@app.command("end-sessions")
def end_sessions(whom: Whom, as_json: AsJson = False) -> None:
    """Sign an account out everywhere."""
    _change(
        whom,
        lambda services, person: services.user_actions.end_sessions(operator(), person.id),
        ("is signed out everywhere", "is signed out everywhere; no session was open"),
        as_json,
    )


@app.command("reset-mfa")
def reset_mfa(whom: Whom, as_json: AsJson = False) -> None:
    """Take the second factors, recovery codes and trusted devices of an account away.

    From then on the password alone opens it: be sure of who asks for it.
    """

    async def act(services: later.Services, person: later.UserSummary) -> bool:
        await services.user_actions.reset_mfa(operator(), person.id)
        return True

    _change(whom, act, ("signs in with the password alone, and is signed out everywhere", ""), as_json)


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
        raise typer.BadParameter("there is no terminal to ask for the password on: use --password-stdin")
    typed = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    return later.SecretStr(str(typed))


def _clean(text: str) -> str:
    # A command line may contain bytes that are not valid text, which no address contains.
    if not text.isprintable():
        raise typer.BadParameter("an address is text in UTF-8 on one line")
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
        "address": person.email,
        "role": person.role,
        "status": person.status,
        "two-step": "on" if person.mfa_enabled else "off",
        "confirmed": "yes" if person.email_verified else "no",
        "made (UTC)": f"{person.created_at:%Y-%m-%d %H:%M}",
        "last sign-in (UTC)": f"{last:%Y-%m-%d %H:%M}" if last else "never",
    }


def _event(event: later.AuditEvent) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "kind": event.kind.value, "ip": event.ip, "details": event.details}
