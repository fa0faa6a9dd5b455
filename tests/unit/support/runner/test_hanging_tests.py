"""A test that hangs is reported by name and ended, and the others continue (pyproject.toml)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.product.sources import ROOT

pytestmark = pytest.mark.slow  # programs are started

HEARD = """
import asyncio, time
import pytest
together = pytest.mark.asyncio(loop_scope="session")

@together
async def test_before():
    await asyncio.sleep(0)

@together
async def test_that_waits_for_ever():
    await asyncio.Event().wait()

def test_that_sleeps_for_ever():
    time.sleep(1000)

@together
async def test_after():
    await asyncio.sleep(0)
"""
DEAF = """
import signal, time

def test_that_hears_no_signal():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(1000)

def test_after():
    pass
"""


def run(folder: Path, source: str, workers: int) -> str:
    """Run tests with our settings and short timeouts; return the output."""
    (folder / "test_made_up.py").write_text(source)
    patience = ["-o", "timeout=1", "-o", "faulthandler_timeout=3", f"-n{workers}"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            ROOT / "pyproject.toml",
            f"--rootdir={folder}",
            *patience,
            folder,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_hanging_test_fails_by_its_name_and_the_others_go_on(tmp_path: Path) -> None:
    said = run(tmp_path, HEARD, workers=0)
    assert "FAILED test_made_up.py::test_that_waits_for_ever" in said
    assert "FAILED test_made_up.py::test_that_sleeps_for_ever" in said
    assert "Timeout (>1.0s) from pytest-timeout" in said
    assert "2 failed, 2 passed" in said


def test_it_does_so_in_a_worker_too(tmp_path: Path) -> None:
    assert "2 failed, 2 passed" in run(tmp_path, HEARD, workers=1)


def test_a_test_that_hears_no_signal_shows_its_stack_and_ends_the_run(tmp_path: Path) -> None:
    said = run(tmp_path, DEAF, workers=1)
    assert "in test_that_hears_no_signal" in said
    assert "crashed while running 'test_made_up.py::test_that_hears_no_signal'" in said
