"""`create-admin` and `user …`, as an operator runs them next to a running server."""

import os
import pty
import pwd
import subprocess
import sys

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from tests.support.clients.command_line import as_json, command
from tests.support.mail.mailbox import Mailbox
from tests.support.product.sources import ROOT
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    audited,
    context,
    open_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.operators import make_admin
from tests.support.services.two_step import enrol, principal_of

pytestmark = pytest.mark.slow  # programs are started

ADMIN = "nora@northwind.dev"


async def me(connect: Connect, token: str) -> tuple[int, dict[str, object]]:
    answer = await connect().get("/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


async def test_a_locked_account_is_refused_from_the_next_request_on(
    services: Services, connect: Connect
) -> None:
    await register(services)
    token, cookie = (await open_pair(services)).access_token, await open_cookie(services)
    assert (await me(connect, token))[0] == 200
    await principal_of(services, cookie)

    done = await command(services, "user", "lock", EMAIL)
    assert (done.returncode, done.stdout) == (0, f"autograph: {EMAIL} is locked and signed out everywhere\n")
    assert (await me(connect, token))[0] == 401
    with pytest.raises(SessionEnded):
        await principal_of(services, cookie)
    body = {"email": EMAIL, "password": PASSWORD}
    assert (await connect().post("/login", json=body)).status_code == 401
    [event] = await audited(services, "account_locked")
    assert event.details["actor"] == f"command line: {pwd.getpwuid(os.getuid()).pw_name}"

    assert "was already locked" in (await command(services, "user", "lock", EMAIL.upper())).stdout
    assert (await command(services, "user", "unlock", EMAIL)).returncode == 0
    assert (await connect().post("/login", json=body)).status_code == 200


async def test_a_role_counts_from_the_next_sign_in_and_nothing_from_before_is_left(
    services: Services, connect: Connect
) -> None:
    mina = await register(services)
    before = (await open_pair(services)).access_token
    assert (await me(connect, before))[1]["role"] == "user"
    told = await as_json(services, "user", "role", str(mina.id), "admin")
    assert (told["changed"], told["account"]["role"]) == (True, "admin")
    assert (await me(connect, before))[0] == 401
    after = (await open_pair(services)).access_token
    assert (await me(connect, after))[1]["role"] == "admin"


async def test_the_last_administrator_is_kept(services: Services) -> None:
    await make_admin(services, ADMIN)
    for arguments in (("lock", ADMIN), ("role", ADMIN, "user")):
        done = await command(services, "user", *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "only administrator who can sign in" in done.stderr
        assert done.stderr.count("\n") == 1


async def test_sessions_and_second_factors_are_taken_away(services: Services, clock: FakeClock) -> None:
    mina = await enrol(services, clock)
    assert (await as_json(services, "user", "end-sessions", EMAIL))["changed"] is True
    assert (await as_json(services, "user", "end-sessions", EMAIL))["changed"] is False
    told = await as_json(services, "user", "reset-mfa", EMAIL)
    assert told["account"]["mfa_enabled"] is False
    again = await command(services, "user", "reset-mfa", EMAIL)
    assert (again.returncode, again.stderr) == (1, "autograph: Two-step verification is off.\n")
    with pytest.raises(SessionEnded):
        await principal_of(services, mina.access_token)
    await prove(services)


async def test_an_administrator_is_made_with_a_password_from_standard_input(services: Services) -> None:
    done = await command(services, "create-admin", ADMIN, "--password-stdin", given=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout) == (0, f"autograph: created administrator {ADMIN}\n")
    assert (await services.user_directory.find(ADMIN)).is_active_admin
    await prove(services, ADMIN)
    assert "already" in (await command(services, "create-admin", ADMIN)).stdout


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("address", "given", "code", "said"),
    [
        (ADMIN, "short\n", 1, "That password is too short."),
        (ADMIN, "", 1, "standard input is empty"),
        ("nobody", f"{PASSWORD}\n", 1, "Enter a valid email address"),
    ],
)
async def test_what_is_wrong_is_one_line(
    services: Services, address: str, given: str, code: int, said: str
) -> None:
    done = await command(services, "create-admin", address, "--password-stdin", given=given)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr
    assert (await as_json(services, "user", "list"))["accounts"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_a_terminal_or_with_a_wrong_word_it_is_the_usage_that_is_wrong(
    services: Services,
) -> None:
    for arguments in (
        ("create-admin", ADMIN),
        ("user", "role", ADMIN, "emperor"),
        ("user", "list", "--limit", "0"),
        ("user", "create", ADMIN, "--generate", "--invite"),
        ("user", "lock"),
        ("user", "lock", "n\udcffra@northwind.dev"),  # a byte that is not text
        ("user", "create", "n\udcffra@northwind.dev"),
        ("user", "show", "mina@northwind.dev\n"),
    ):
        assert (await command(services, *arguments)).returncode == 2, arguments


async def test_an_account_there_is_becomes_an_administrators_only_when_confirmed(services: Services) -> None:
    await register(services)
    refused = await command(services, "create-admin", EMAIL)
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    assert not (await services.user_directory.find(EMAIL)).is_active_admin
    assert (await command(services, "create-admin", EMAIL, "--yes")).returncode == 0
    assert (await services.user_directory.find(EMAIL)).is_active_admin
    await prove(services)  # the password is unchanged

    await make_admin(services, ADMIN)
    await command(services, "user", "lock", EMAIL)
    locked = await command(services, "create-admin", EMAIL, "--yes")
    assert (locked.returncode, "user unlock" in locked.stderr) == (1, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_password_is_asked_for_twice_and_never_shown(services_environment: dict[str, str]) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "autograph_web", "create-admin", ADMIN],
        cwd=ROOT,
        env=services_environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = _talk(master, [b"Password: ", b"Repeat password: "], f"{PASSWORD}\n".encode())
    assert process.wait(60) == 0, shown
    assert f"created administrator {ADMIN}" in shown
    assert PASSWORD not in shown


def _talk(master: int, questions: list[bytes], answer: bytes) -> str:
    shown = b""
    for question in questions:
        while question not in shown:
            shown += os.read(master, 1024)
        os.write(master, answer)
    try:
        while more := os.read(master, 1024):
            shown += more
    except OSError:  # the other end is closed: that is how a terminal reports it
        pass
    os.close(master)
    return shown.decode()


@pytest.fixture
def services_environment(services: Services) -> dict[str, str]:
    """The services' settings in a command's environment."""
    return {
        **os.environ,
        "DATABASE_URL": services.settings.database_url,
        "REDIS_URL": services.settings.redis_url,
        "AUTOGRAPH_DATA_DIR": str(services.settings.data_dir),
        "AUTOGRAPH_SECRET_KEYS": services.settings.secret_keys[0],
        "AUTOGRAPH_BCRYPT_COST": "4",
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_accounts_are_made_in_three_ways(services: Services, mailbox: Mailbox) -> None:
    generated = await as_json(services, "user", "create", "a@northwind.dev", "--generate")
    await prove(services, "a@northwind.dev", generated["password"])
    printed = await as_json(services, "user", "create", "b@northwind.dev", "--role", "admin")
    assert printed["link"].startswith(f"{services.settings.base_url}/password-reset/confirm#token=")
    invited = await as_json(services, "user", "create", "c@northwind.dev", "--invite")
    assert (invited["password"], invited["link"]) == (None, None)
    link = mailbox.link_to("c@northwind.dev")
    await services.password_reset.confirm(context(), link.partition("token=")[2], PASSWORD)
    await prove(services, "c@northwind.dev")
    assert (await command(services, "user", "create", "A@northwind.dev")).returncode == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_accounts_are_listed_and_shown(services: Services) -> None:
    for name in ("a", "b", "c"):
        await register(services, f"{name}@northwind.dev")
    first = await as_json(services, "user", "list", "--limit", "2")
    assert [account["email"] for account in first["accounts"]] == ["a@northwind.dev", "b@northwind.dev"]
    second = await as_json(services, "user", "list", "--limit", "2", "--after", first["next"])
    assert [account["email"] for account in second["accounts"]] == ["c@northwind.dev"]
    assert second["next"] is None

    await open_pair(services, "b@northwind.dev")
    shown = await as_json(services, "user", "show", "b@northwind.dev")
    assert (shown["open_sessions"], shown["recent_events"][0]["kind"]) == (1, "login_success")
    table = await command(services, "user", "show", "b@northwind.dev")
    assert "Signed in" in table.stdout
    assert "b@northwind.dev" in (await command(services, "user", "list", "B@")).stdout
    for done in (table, await command(services, "user", "list")):
        assert "$bcrypt" not in done.stdout
    nobody = await command(services, "user", "show", "nobody@northwind.dev")
    assert (nobody.returncode, nobody.stderr) == (1, "autograph: Account not found.\n")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_redis_a_lock_says_what_is_certain(services: Services) -> None:
    await register(services)
    away = "redis://127.0.0.1:1/0"
    done = await command(services, "user", "lock", EMAIL, REDIS_URL=away)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "saved, but Redis is unreachable" in done.stderr
    assert (await services.user_directory.find(EMAIL)).status == "locked"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_a_database_it_is_one_line(services: Services) -> None:
    away = "postgresql://nobody:hunter2@127.0.0.1:1/none"
    done = await command(services, "user", "list", DATABASE_URL=away)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "hunter2" not in done.stderr
