"""Programs from npm, each pinned by a folder with package.json and package-lock.json."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from autograph_web.frontend.build import tool_environment


class NpmFailed(RuntimeError):
    """A Node.js program failed; the message holds its last output."""


def install(lock: Path, folder: Path, seconds: float | None = None) -> None:
    """Install what `lock` pins into `folder`; no package scripts are run.

    Raises:
        NpmFailed: npm failed.
        subprocess.TimeoutExpired: It took longer than `seconds`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in lock.iterdir():
        shutil.copy(file, folder)
    run(["npm", "ci", "--ignore-scripts"], folder, seconds)


def pin_newest(lock: Path, package: str) -> None:
    """Pin the newest version of the one package that `lock` exists for."""
    options = ["--package-lock-only", "--ignore-scripts", "--save-exact"]
    run(["npm", "install", *options, f"{package}@latest"], lock)


def run(command: Sequence[str | Path], folder: Path, seconds: float | None = None) -> None:
    """Run a Node.js program with the Node.js that builds the pages.

    Raises:
        NpmFailed: It failed.
        subprocess.TimeoutExpired: It took longer than `seconds`.
    """
    environment = tool_environment()
    found = shutil.which(command[0], path=environment["PATH"]) or command[0]
    done = subprocess.run(
        [found, *command[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise NpmFailed(f"{command[0]} failed: {done.stderr.strip()[-1000:]}")
