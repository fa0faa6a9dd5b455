"""What a command imports before it acts: checked by name, since a duration would depend on the machine."""

import json
import os
import subprocess
import sys

import pytest

from autograph_web.cli import app
from autograph_web.commands.lazy_group import COMMANDS, load
from tests.support.product.sources import ROOT

pytestmark = pytest.mark.slow  # programs are started

_SERVING = {"reflex", "fastapi", "starlette", "granian", "alembic"}
_WORKING = {
    "sqlalchemy",
    "sqlmodel",
    "pydantic_settings",
    "redis",
    "jwt",
    "cryptography",
    "zxcvbn",
    "ua_parser",
}
_TELL = """
import json, runpy, sys
names = json.loads(sys.argv.pop(1))
try:
    runpy.run_module("autograph_web", run_name="__main__", alter_sys=True)
except SystemExit as end:
    print(json.dumps([end.code, [name for name in names if name in sys.modules]]), file=sys.stderr)
"""


def started(*arguments: str, unwanted: set[str], **settings: str) -> tuple[int, list[str]]:
    """Start a command in a new Python; return its exit code and what it has imported of `unwanted`."""
    done = subprocess.run(
        [sys.executable, "-c", _TELL, json.dumps(sorted(unwanted)), *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    code, found = json.loads(done.stderr.splitlines()[-1])
    return code, found


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_comes_without_what_the_command_works_with(name: str) -> None:
    arguments = (name, "--help") if name else ("--help",)
    assert started(*arguments, unwanted=_SERVING | _WORKING) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("user list", 0),
        ("flags list", 0),
        ("mail", 0),
        ("doctor --json", 0),
        ("audit verify", 0),
        ("keys reseal", 0),
    ],
)
def test_a_command_for_operators_works_without_what_only_serves(
    arguments: str, code: int, redis_url: str, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("data")
    given = {"DATABASE_URL": sqlite_url, "REDIS_URL": redis_url, "AUTOGRAPH_DATA_DIR": str(folder)}
    assert started(*arguments.split(), unwanted=_SERVING, **given) == (code, [])


@pytest.mark.parametrize("arguments", ["mail", "audit verify"])
def test_a_command_that_needs_the_database_alone_starts_without_redis(
    arguments: str, redis_url: str, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("data")
    given = {"DATABASE_URL": sqlite_url, "REDIS_URL": redis_url, "AUTOGRAPH_DATA_DIR": str(folder)}
    assert started(*arguments.split(), unwanted={"redis"}, **given) == (0, [])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says_first(name: str) -> None:
    told = COMMANDS[name].told
    assert " ".join(str(load(name).help).split("\n\n", maxsplit=1)[0].split()) == told


def test_a_name_that_is_no_command_is_wrong_usage() -> None:
    assert started("users", unwanted=_WORKING) == (2, [])


def test_commands_can_be_called_from_python() -> None:
    with pytest.raises(SystemExit) as end:
        app(["build", "--help"])
    assert end.value.code == 0
