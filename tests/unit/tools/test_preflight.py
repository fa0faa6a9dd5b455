"""A missing prerequisite is reported in one line, before anything is installed."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import preflight
from tests.support.browser.chromium import NAMES, on_path, starts
from tests.support.product.sources import ROOT


def asked(what: str, folder: Path, path: str, source: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a copy in a folder without .venv; `source` is run before it in the same interpreter."""
    shutil.copy(ROOT / "preflight.py", folder)
    program = "import platform, runpy, shutil, subprocess, sys, tempfile, urllib.request\n"
    program += f"{source}\nsys.argv = ['preflight.py', {what!r}]\n"
    program += f"runpy.run_path({str(folder / 'preflight.py')!r}, run_name='__main__')"
    environment = {"PATH": path, "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )


def refusal(what: str, folder: Path, source: str) -> str:
    """Return the one line, which must appear within ten seconds."""
    started = time.monotonic()
    done = asked(what, folder, str(folder), source)
    assert (done.returncode, done.stdout) == (1, "")
    assert time.monotonic() - started < 10
    lines = [line for line in done.stderr.splitlines() if "git isn't installed" not in line]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_machine_with_everything_is_told_nothing(tmp_path: Path) -> None:
    done = asked("test", tmp_path, os.environ["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_system_without_wheels_is_refused(tmp_path: Path) -> None:
    assert "WSL" in refusal("run", tmp_path, "sys.platform = 'win32'")
    assert "glibc" in refusal("run", tmp_path, "import platform; platform.libc_ver = lambda: ('', '')")


def test_a_python_without_venv_is_told_the_package(tmp_path: Path) -> None:
    source = "import importlib.util as u; f = u.find_spec\n"
    source += "u.find_spec = lambda name: None if name == 'ensurepip' else f(name)"
    assert "apt install python3" in refusal("run", tmp_path, source)


def test_a_full_disk_is_told_what_is_needed(tmp_path: Path) -> None:
    source = "import shutil; shutil.disk_usage = lambda _: shutil._ntuple_diskusage(9, 9, 2**20)"
    assert "1 MB free, 1000 MB needed" in refusal("run", tmp_path, source)


def test_a_python_without_any_redis_is_told_what_to_install(tmp_path: Path) -> None:
    source = "class Version(tuple): major, minor = 3, 14\nsys.version_info = Version((3, 14))"
    assert "redis-server" in refusal("run", tmp_path, source)


def test_a_machine_without_a_browser_is_told_before_the_tests_run(tmp_path: Path) -> None:
    source = "import platform; platform.machine = lambda: 'aarch64'"
    assert "Chromium" in refusal("test", tmp_path, source)
    assert asked("run", tmp_path, str(tmp_path), source).returncode == 0


def test_both_know_the_same_browsers() -> None:
    assert preflight.BROWSERS == NAMES


def test_the_browser_without_windows_goes_first_and_one_that_does_not_start_is_found_out(
    tmp_path: Path,
) -> None:
    for name in ("chromium-browser", "chromium-headless-shell"):
        (tmp_path / name).write_text("#!/bin/sh\necho install the snap\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    found = list(on_path(str(tmp_path)))
    assert [one.name for one in found] == ["chromium-headless-shell", "chromium-browser"]
    assert not starts(found[0])
