"""Checks requirements before anything is installed: `python3 preflight.py run|test|index`.

Uses only the standard library; prints one line per problem. Exit code 1: the product cannot work here.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MIB = 2**20
ROOM = {"run": 1000 * MIB, "test": 1800 * MIB}
"""Bytes of disk space: for the packages and the pages (run), and for the dependencies of the tests (test)."""

BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
DOWNLOADS = "https://cdn.playwright.dev"
_PATIENCE_S = 4.0


def impossible(what: str, here: Path) -> Iterator[str]:
    """Yield each problem that prevents operation, in one line."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.platform not in ("linux", "darwin"):
        yield "AutoGraph runs on Linux and macOS; on Windows, in WSL"
    elif sys.platform == "linux" and platform.libc_ver()[0] != "glibc":
        yield "packages need glibc, which this system doesn't have (instead of Alpine, use Debian or Ubuntu)"
    if not (here / ".venv" / "bin" / "python").exists():
        if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
            yield f"Python {version} lacks its venv module (Debian, Ubuntu: apt install python{version}-venv)"
        free = shutil.disk_usage(here).free
        if free < ROOM[what]:
            yield f"not enough disk space: {free // MIB} MB free, {ROOM[what] // MIB} MB needed"
    if not has_redis():
        yield f"no bundled Redis for Python {version} on this machine: install redis-server or valkey-server"
    if what == "test" and not has_browser():
        yield "the tests need Chromium, which can't be downloaded (macOS: brew install --cask chromium)"


def has_redis() -> bool:
    """Return True if a package has a redis-server for this platform, or one is installed or configured."""
    place = sys.platform, platform.machine()
    packaged = place in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    own = shutil.which("redis-server") or shutil.which("valkey-server")
    return bool((packaged and sys.version_info < (3, 14)) or own or os.environ.get("REDIS_URL"))


def has_browser() -> bool:
    """Return True if a browser for the tests is here or can be had (tests/support/browser/chromium.py)."""
    if any(map(shutil.which, BROWSERS)) or (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return True
    usual = {"darwin": "~/Library/Caches/ms-playwright"}.get(sys.platform, "~/.cache/ms-playwright")
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or usual).expanduser()
    return any(cache.glob("chromium_headless_shell-*")) or _answers(
        os.environ.get("PLAYWRIGHT_DOWNLOAD_HOST") or DOWNLOADS
    )


def _answers(url: str) -> bool:
    with suppress(OSError, ValueError):
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_PATIENCE_S).close()  # noqa: S310
        return True
    return False


def index_answers() -> bool:
    """Return True if pip can download a small package within seconds from its configured index."""
    options = [
        "--quiet",
        "--retries=0",
        "--timeout=5",
        "--no-deps",
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    with tempfile.TemporaryDirectory() as folder, suppress(subprocess.TimeoutExpired):
        command = [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", "iniconfig"]
        return not subprocess.run(command, capture_output=True, timeout=8, check=False).returncode  # noqa: S603
    return False


def main() -> None:
    """Report what is missing."""
    what, here = sys.argv[1], Path(__file__).parent
    if what == "index":
        if not index_answers():
            print(
                "autograph: the package index isn't reachable (network, proxy, pip settings?); still trying"
            )
        return
    if what == "test" and not shutil.which("git"):
        print(
            "autograph: git isn't installed; tests that compare with older versions are skipped",
            file=sys.stderr,
        )
    first = next(impossible(what, here), None)
    if first:
        sys.exit(f"autograph: {first}")


if __name__ == "__main__":
    main()
