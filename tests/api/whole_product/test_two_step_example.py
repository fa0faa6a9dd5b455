"""docs/examples/two_step.py, run against a complete server."""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.support.clients.plain_http import PLAIN
from tests.support.product.sources import ROOT
from tests.support.servers.ports import free_port

SCRIPT = ROOT / "docs" / "examples" / "two_step.py"
_START_SECONDS = 180  # the pages may have to be built first


def answers(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/health/live", verify=PLAIN).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def server(tmp_path: Path) -> Generator[str]:
    """The address of a server that was started as the README says."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRAPH_")}
    kept = {name: value for name, value in kept.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = kept | {
        "PORT": str(port),
        "AUTOGRAPH_DATA_DIR": str(tmp_path / "data"),
        "AUTOGRAPH_BCRYPT_COST": "4",
        "AUTOGRAPH_WORKERS": "1",
    }
    with (tmp_path / "server.log").open("w+") as log:
        command = [sys.executable, "-m", "autograph_web", "run"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + _START_SECONDS
            base_url = f"http://127.0.0.1:{port}"
            while not answers(base_url):
                assert process.poll() is None, (tmp_path / "server.log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
                time.sleep(0.05)
            yield base_url
        finally:
            process.terminate()
            process.wait(30)


def run(base_url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), base_url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_the_example_walks_through_all_seven_steps(server: str) -> None:
    done = run(server)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("POST")] == [
        "POST /register: 201",
        "POST /login: 200",
        "POST /mfa/setup: 200",
        "POST /mfa/enable: 200",
        "POST /logout: 200",
        "POST /login: 200",
        "POST /mfa/verify: 200",
    ]
    assert {"recovery codes: 10", "mfa_required: True"} <= set(lines)
    assert lines[-1].startswith("signed in as two-step-")
    assert lines[-1].endswith("two-step verification: True")


def test_the_example_stands_on_two_packages_only() -> None:
    imported = {
        line.split()[1].partition(".")[0]
        for line in SCRIPT.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }

    assert imported - set(sys.stdlib_module_names) == {"httpx", "pyotp"}
