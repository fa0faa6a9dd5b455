"""The systemd unit: well-formed, sandboxed, and starting the product with settings it knows."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from autograph_web.settings import Settings
from tests.support.services.factories import SECRET
from tests.test_containers import ROOT, known_variables, of_kind

FOLDER = ROOT / "deploy" / "systemd"
UNIT = FOLDER / "autograph@.service"
SETTINGS = FOLDER / "settings"
INSTALLED = "/srv/autograph"
MOST_EXPOSED = 20  # tenths, of 10.0; systemd calls up to 2.0 OK


def sections() -> dict[str, dict[str, list[str]]]:
    """The unit's keys by section, each with all the values it was given."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in UNIT.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[section][name].append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as one of its instances, with this project as the installed product."""
    unit = tmp_path / "autograph@3001.service"
    unit.write_text(UNIT.read_text().replace(INSTALLED, str(ROOT)))
    return unit


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_systemd_accepts_the_unit(installed: Path) -> None:
    done = analyze("verify", "--man=no", str(installed))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_does_refuse(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("/python -m", "/pyhton -m"))
    assert "pyhton" in analyze("verify", "--man=no", str(installed)).stderr


def test_systemd_calls_the_server_well_locked_up(installed: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(installed))
    assert done.returncode == 0, done.stdout


def test_nothing_is_said_twice_but_for_the_environment() -> None:
    assert list(sections()) == ["Unit", "Service", "Install"]
    names = [(section, name) for section, keys in sections().items() for name in keys]
    assert [one for one in names if len(sections()[one[0]][one[1]]) > 1] == [("Service", "Environment")]


def test_it_starts_what_the_image_starts_as_nobody_special() -> None:
    service = sections()["Service"]
    [entry], [command] = of_kind("ENTRYPOINT"), of_kind("CMD")
    [start] = service["ExecStart"]
    assert start == f"{INSTALLED}/{' '.join([*json.loads(entry), *json.loads(command)])}"
    assert (ROOT / json.loads(entry)[0]).exists()
    assert service["User"] == ["autograph"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["Restart"] == ["on-failure"]


def test_the_settings_are_such_and_hold_no_secret() -> None:
    given = dict(line.split("=", 1) for line in shlex.split(SETTINGS.read_text(), comments=True))
    assert given["AUTOGRAPH_DATA_DIR"] == f"/var/lib/{sections()['Service']['StateDirectory'][0]}"
    assert sections()["Service"]["EnvironmentFile"] == ["/etc/autograph/settings"]
    assert "PORT=%i" in sections()["Service"]["Environment"]
    assert set(given) <= known_variables() | {"AUTOGRAPH_SECRETS_DIR"}
    secrets = {"AUTOGRAPH_SECRET_KEYS", "DATABASE_URL", "REDIS_URL", "SMTP_URL"}
    assert not secrets & set(given)
    assert "secret_keys" in Settings.model_fields


@pytest.mark.slow
def test_a_shell_that_reads_the_settings_as_documented_can_run_commands(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "AUTOGRAPH_SECRET_KEYS").write_text(f"{SECRET}\n")
    (secrets / "SMTP_URL").write_text("folder\n")
    settings = tmp_path / "settings"
    text = SETTINGS.read_text().replace("/var/lib/autograph", str(tmp_path / "data"))
    settings.write_text(text.replace("/etc/autograph/secrets", str(secrets)))
    guide = (ROOT / "docs" / "deployment.md").read_text()
    [documented] = re.findall(r"sh -c '(set -a.*) create-admin .*'", guide)
    script = documented.replace(INSTALLED, str(ROOT)).replace("/etc/autograph/settings", str(settings))
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", "-c", f"{script} doctor --json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = {finding["about"]: finding["text"] for finding in json.loads(done.stdout)}
    assert told["settings"] == "production"
    assert told["base_url"] == "https://accounts.example.com"
    assert "AUTOGRAPH_SECRET_KEYS" in told["secrets"]
