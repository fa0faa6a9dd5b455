"""`doctor`, as an operator runs it, on healthy and on faulty servers."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from redis import Redis

from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.commands import doctor
from autograph_web.container import Services
from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.support.clients.command_line import command, command_from_nothing
from tests.support.mail.smtp_server import MailServer
from tests.support.services.factories import EMAIL, PASSWORD, context

pytestmark = pytest.mark.slow  # programs are started

Findings = dict[str, tuple[str, str, str]]
NOWHERE = "127.0.0.1:1"


async def examined(services: Services, **settings: str) -> tuple[int, Findings]:
    done = await command(services, "doctor", "--json", **settings)
    found = json.loads(done.stdout)
    return done.returncode, {one["about"]: (one["outcome"], one["text"], one["advice"]) for one in found}


async def test_a_server_that_is_well(services: Services, tmp_path: Path) -> None:
    office = await MailServer().open()
    services.settings.data_dir.mkdir(exist_ok=True)
    code, found = await examined(services, SMTP_URL=office.url())
    await office.close()

    assert code == 0
    kind = "PostgreSQL" if services.database.writes_at_once else "SQLite"
    assert found["database"] == ("good", f"{kind} is reachable and its schema is current", "")
    assert "the Redis clock is " in found["clock"][1]
    assert ("the database clock is " in found["clock"][1]) == services.database.writes_at_once
    del found["pages"]  # their state varies
    assert {outcome for outcome, _, _ in found.values()} == {"good"}, found
    assert (office.conversations, office.arrived) == (1, [])  # greeted, and nothing sent


async def test_a_database_without_the_newest_schema(
    services: Services, empty_database_url: str, tmp_path: Path
) -> None:
    code, found = await examined(services, DATABASE_URL=empty_database_url)
    assert (code, found["database"][0]) == (0, "doubtful")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_away_is_named_with_what_to_do_and_no_password(services: Services) -> None:
    given = {
        "DATABASE_URL": f"postgresql://nora:hunter2@{NOWHERE}/none",
        "REDIS_URL": f"redis://:hunter2@{NOWHERE}/0",
        "SMTP_URL": f"smtps://nora:hunter2@{NOWHERE}",
    }
    code, found = await examined(services, **given)
    assert code == 1
    for about in ("database", "redis", "mail"):
        outcome, _, advice = found[about]
        assert (outcome, bool(advice)) == ("failed", True), about
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_that_is_no_database(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "letters.txt"
    file.write_text("Dear Mina, " * 1000)
    code, found = await examined(services, DATABASE_URL=f"sqlite:///{file}")
    assert (code, found["database"][0]) == (1, "failed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_secret_that_others_can_read(services: Services) -> None:
    folder = services.settings.data_dir
    _, before = await examined(services, AUTOGRAPH_SECRET_KEYS="")
    assert before["secrets"][0] == "doubtful"
    assert not (folder / "secret_keys").exists()  # an inspection creates none
    folder.mkdir(exist_ok=True)
    secrets = folder / "secret_keys"
    secrets.write_text("a" * 64)
    for mode, code, outcome in ((0o600, 0, "good"), (0o640, 1, "failed"), (0o604, 1, "failed")):
        secrets.chmod(mode)
        told, found = await examined(services, AUTOGRAPH_SECRET_KEYS="")
        assert (told, found["secrets"][0]) == (code, outcome), oct(mode)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("given", "about"),
    [
        ({"AUTOGRAPH_BASE_URL": "http://accounts.northwind.dev"}, "base_url"),
        ({"AUTOGRAPH_BASE_URL": "https://accounts.northwind.dev"}, "base_url"),
        ({"AUTOGRAPH_BASE_URL": "https://accounts.northwind.dev"}, "settings"),
        ({"AUTOGRAPH_BASE_URL": "https://accounts.northwind.dev"}, "mail"),
    ],
)
async def test_what_should_not_stay_so(services: Services, given: dict[str, str], about: str) -> None:
    code, found = await examined(services, **given)
    assert (code, found[about][0], bool(found[about][2])) == (0, "doubtful", True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_settings_that_cannot_be_read_end_the_visit(services: Services) -> None:
    done = await command(services, "doctor", AUTOGRAPH_ENVIRONMENT="production")
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert done.stdout.startswith("✗ settings: AUTOGRAPH_BASE_URL must be")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_folder_that_cannot_be_written(services: Services, tmp_path: Path) -> None:
    code, found = await examined(services, AUTOGRAPH_DATA_DIR="/proc/autograph")  # not even for root
    assert (code, found["disk"][0]) == (1, "failed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_redis_that_forgets(services: Services, own_redis: EmbeddedRedis) -> None:
    client = cast(Any, Redis).from_url(own_redis.url)
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("appendonly", "no")
    client.close()
    code, found = await examined(services, REDIS_URL=own_redis.url)
    assert code == 0
    assert (found["redis eviction"][0], found["redis persistence"][0]) == ("doubtful", "doubtful")


async def test_a_terminal_without_our_marks(services: Services) -> None:
    done = await command_from_nothing(services, "doctor", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "? database: " in done.stdout


@pytest.mark.parametrize(
    ("version", "enough"),
    [("6.2.14", True), ("7.4.1", True), ("8.0-rc1", True), ("6.0.16", False), ("5", False)],
)
def test_versions_of_redis(version: str, enough: bool) -> None:
    assert (doctor._version(version) >= (6, 2)) == enough  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("ip", "given", "outcome"),
    [
        ("unknown", {"AUTOGRAPH_TRUSTED_PROXY_HOPS": "1"}, "doubtful"),
        ("203.0.113.9", {"AUTOGRAPH_TRUSTED_PROXY_HOPS": "1"}, "good"),
        ("172.18.0.1", {"AUTOGRAPH_BASE_URL": "https://id.northwind.dev"}, "doubtful"),
        ("93.184.216.34", {"AUTOGRAPH_BASE_URL": "https://id.northwind.dev"}, "good"),
    ],
)
async def test_clients_whose_address_the_proxy_hides_are_told_of(
    services: Services, ip: str, given: dict[str, str], outcome: str
) -> None:
    data = RegistrationInput(email=EMAIL, password=SecretStr(PASSWORD))
    await services.registration.register(context(ip), data)
    _, found = await examined(services, **given)

    assert found["client addresses"][0] == outcome
    assert ("AUTOGRAPH_TRUSTED_PROXY_HOPS" in found["client addresses"][2]) == (outcome == "doubtful")
