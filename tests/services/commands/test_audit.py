"""`python -m autograph_web audit …`, as an operator runs it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from autograph_web.audit.store import AUDIT
from autograph_web.container import Services
from autograph_web.infra.wording import counted
from tests.support.clients.command_line import Done, command
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, OLDER_SECRET, SECRET, context, open_cookie, register, rows
from tests.support.services.two_step import principal_of

pytestmark = pytest.mark.slow  # programs are started


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: the work itself is tested on both."""
    return sqlite_url


@pytest.fixture
async def linked(services: Services) -> Services:
    """The events of two users, linked except for the last one."""
    # However long the commands take, nothing else links in the meantime.
    await services.audit_chain.close()
    await register(services)
    await open_cookie(services)
    await services.audit_chain.link_all()
    await register(services, "theo@northwind.dev")
    return services


async def audit(services: Services, *arguments: str, secrets: str = SECRET, **changes: str) -> Done:
    return await command(services, *arguments, **{"AUTOGRAPH_SECRET_KEYS": secrets} | changes)


async def change(services: Services, statement: str) -> None:
    async with services.database.unit() as connection:
        await connection.execute(text(statement))


async def test_a_whole_log_is_said_to_be_whole(linked: Services, clock: FakeClock) -> None:
    done = await audit(linked, "audit", "verify")
    assert done.returncode == 0, done.stderr
    assert "autograph: 2 events verified" in done.stdout
    assert "1 event not chained yet, oldest from" in done.stdout
    assert done.stdout.endswith("autograph: the audit log is intact\n")
    assert done.stderr == ""

    found = json.loads((await audit(linked, "audit", "verify", "--json")).stdout)
    head = found.pop("head")
    assert head.startswith("2:")
    assert found == {
        "whole": True,
        "checked": 2,
        "erased": 0,
        "waiting": 1,
        "waiting_since": clock.now().isoformat().replace("+00:00", "Z"),
        "begins_after": 0,
        "breaks": 0,
        "first": None,
    }
    assert (await audit(linked, "audit", "verify", "--expect", head)).returncode == 0


async def test_a_broken_log_names_where(linked: Services) -> None:
    await change(linked, "UPDATE audit_log SET kind = 'logout' WHERE id = 2")
    done = await audit(linked, "audit", "verify")
    assert (done.returncode, "BROKEN: row 2, link 2: the row was altered" in done.stdout) == (1, True)

    done = await audit(linked, "audit", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["first"] == {
        "kind": "row_altered",
        "position": 2,
        "audit_id": 2,
        "detail": "the row was altered",
    }


async def test_a_cut_end_shows_by_what_was_noted(linked: Services) -> None:
    head = json.loads((await audit(linked, "audit", "verify", "--json")).stdout)["head"]
    await change(linked, "DELETE FROM audit_chain WHERE position = 2")
    await change(linked, "DELETE FROM audit_log WHERE id = 2")
    done = await audit(linked, "audit", "verify")
    assert (done.returncode, "its end was cut off" in done.stdout) == (1, True)

    (linked.settings.data_dir / "audit-head").unlink()
    assert (await audit(linked, "audit", "verify")).returncode == 0
    assert (await audit(linked, "audit", "verify", "--expect", head)).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (("--expect", "nonsense"), {}, "--expect takes a position"),
        ((), {"DATABASE_URL": "sqlite:////proc/none/x.sqlite3"}, "the database is unreachable"),
        ((), {"AUTOGRAPH_SECRET_KEYS": "short"}, "AUTOGRAPH_SECRET_KEYS"),
    ],
)
async def test_what_cannot_be_checked_is_neither(
    linked: Services, arguments: tuple[str, ...], changes: dict[str, str], said: str
) -> None:
    done = await audit(linked, "audit", "verify", *arguments, **changes)
    assert (done.returncode, said in done.stderr, done.stdout) == (2, True, ""), done.stderr


async def test_a_damaged_note_is_neither(linked: Services) -> None:
    (linked.settings.data_dir / "audit-head").write_text("?")
    done = await audit(linked, "audit", "verify")
    assert (done.returncode, "is damaged" in done.stderr) == (2, True)


async def test_sealing_anew_lets_the_old_secret_go(linked: Services) -> None:
    assert (await audit(linked, "audit", "verify", secrets=OLDER_SECRET)).returncode == 1
    done = await audit(linked, "keys", "reseal", secrets=f"{OLDER_SECRET},{SECRET}")
    assert done.returncode == 0, done.stderr
    done = await audit(linked, "audit", "verify", secrets=OLDER_SECRET)
    assert done.returncode == 0, done.stdout


async def export(services: Services, *arguments: str) -> list[dict[str, Any]]:
    done = await audit(services, "audit", "export", *arguments)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == f"autograph: {counted(len(found), 'event')} written\n"
    return found


async def test_everything_is_written_out_as_lines_of_json(linked: Services) -> None:
    found = await export(linked)
    assert [event["id"] for event in found] == [1, 2, 3]
    assert [event["kind"] for event in found] == [
        "registration_success",
        "login_success",
        "registration_success",
    ]
    assert found[1]["label"] == "Signed in"
    assert found[1]["user_id"]


async def test_the_filters_of_an_export_pick(linked: Services, clock: FakeClock) -> None:
    [one] = [row.user_id for row in await rows(linked, AUDIT) if row.kind == "login_success"]
    assert [event["id"] for event in await export(linked, "--account", "MINA@northwind.dev")] == [1, 2]
    assert [event["id"] for event in await export(linked, "--account", str(one))] == [1, 2]
    assert [event["id"] for event in await export(linked, "--group", "sign_in")] == [2]
    now = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    assert [event["id"] for event in await export(linked, "--since", now)] == [1, 2, 3]
    assert await export(linked, "--until", now) == []
    done = await audit(linked, "audit", "export", "--account", "nobody@northwind.dev")
    assert (done.returncode, done.stdout) == (2, "")
    assert "account not found: nobody@northwind.dev" in done.stderr


async def test_a_csv_goes_into_a_file(linked: Services, tmp_path: Path) -> None:
    await change(linked, "UPDATE audit_log SET user_agent = '=1+1' WHERE id = 2")
    file = tmp_path / "audit.csv"
    done = await audit(linked, "audit", "export", "--format", "csv", "--output", str(file))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    table = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [line["kind"] for line in table] == [
        "registration_success",
        "login_success",
        "registration_success",
    ]
    assert table[1]["user_agent"] == "'=1+1"
    assert len({line["account"] for line in table}) == 2


async def test_a_deleted_account_is_known_by_its_id(linked: Services) -> None:
    principal = await principal_of(linked, await open_cookie(linked))
    await linked.deletion.delete(context(), principal, EMAIL)
    found = await export(linked, "--account", str(principal.user_id))
    assert found[-1]["kind"] == "account_deleted"
    assert {event["ip"] for event in found} == {""}
    done = await audit(linked, "audit", "verify")
    assert (done.returncode, "2 events of deleted accounts" in done.stdout) == (0, True)
