"""Deciding when the pages must be built, and having them built."""

import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograph_web.frontend.paths import LOCK_DIR, MANIFEST, ROOT, STAMP, STATIC_DIR, TOOLS_DIR
from autograph_web.infra.file_lock import file_lock
from autograph_web.infra.startup_error import StartupError

Progress = Callable[[str], None]

_INPUTS = ("autograph_web/ui", "autograph_web/frontend", "autograph_web/autograph_web.py", "assets")
_PINS = ("rxconfig.py", "requirements.txt", "reflex.lock")
_STEP = "@step "
_HEARTBEAT_SECONDS = 10.0
_KEPT_VARIABLES = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "CI", "SSL_CERT_FILE", "SSL_CERT_DIR")
_KEPT_PREFIXES = ("LC_", "NPM_CONFIG_", "NODE_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "XDG_")


def fingerprint() -> str:
    """A digest of everything that decides what the built pages are."""
    digest = hashlib.sha256()
    for file in _input_files():
        digest.update(f"{file.relative_to(ROOT).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Whether the pages on disk are those of the present sources."""
    return STAMP.exists() and MANIFEST.exists() and STAMP.read_text() == fingerprint()


def ensure_built(progress: Progress, *, update_lock: bool = False) -> bool:
    """Build the pages unless they are up to date; whoever comes second waits for the first.

    Args:
        progress: Gets a line now and then while the build runs.
        update_lock: Keep what the build chose for the npm packages instead of what the repository pins.

    Returns:
        Whether a build was necessary.

    Raises:
        StartupError: The build failed; names the log.
    """
    if is_built() and not update_lock:
        return False
    with file_lock(TOOLS_DIR / "build.lock"):
        if is_built() and not update_lock:
            return False
        wanted = fingerprint()
        started = time.monotonic()
        progress("building the pages (once per version, about half a minute)")
        with pinned_packages(progress, update=update_lock):
            _run_build(progress)
        STAMP.write_text(fingerprint() if update_lock else wanted)
        progress(f"pages built in {time.monotonic() - started:.0f} s")
    return True


def tool_environment() -> dict[str, str]:
    """The environment of Reflex's own programs.

    Only what npm and Python need is passed on: a server's settings and secrets never reach a build, so
    it gives the same pages whatever they are.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT_VARIABLES or name.upper().startswith(_KEPT_PREFIXES)
    }
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    return kept | _REFLEX_VARIABLES | {"NPM_CONFIG_REGISTRY": _npm_registry(kept)}


_REFLEX_VARIABLES = {
    "REFLEX_USE_NPM": "1",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    "REFLEX_DIR": str(TOOLS_DIR / "reflex"),
    # The pinned packages are the same wherever they are fetched from.
    "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
    "NPM_CONFIG_FETCH_RETRIES": "3",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "NPM_CONFIG_FUND": "false",
    "NPM_CONFIG_AUDIT": "false",
}


# No operator's settings: the build must neither need nor touch the server's data and secrets.
_BUILD_SETTINGS = {"AUTOGRAPH_ENVIRONMENT": "development", "AUTOGRAPH_DATA_DIR": str(TOOLS_DIR / "data")}


def _npm_registry(environment: dict[str, str]) -> str:
    """The registry npm is configured for; Reflex would otherwise measure two of its own choice."""
    command = ["npm", "config", "get", "registry"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StartupError("npm doesn't run: reinstall the packages in requirements.txt")
    return done.stdout.strip()


def _input_files() -> Iterator[Path]:
    for name in (*_INPUTS, *_PINS):
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and not _is_generated(file))


def _is_generated(file: Path) -> bool:
    return "__pycache__" in file.parts or ROOT / "assets" / "external" in file.parents


@contextmanager
def pinned_packages(progress: Progress, *, update: bool = False) -> Generator[None]:
    """Put the repository's npm pins back after a build, which at least reorders them."""
    before = _pins()
    try:
        yield
    finally:
        after = _pins()
        if before and not update:
            for name, content in before.items():
                (LOCK_DIR / name).write_bytes(content)
    if update or not before:
        _write_readably(after)
    elif _parsed(after) != _parsed(before):
        progress("note: this build needed other npm packages than reflex.lock pins; `make lock` records them")


def _pins() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(LOCK_DIR.glob("*.json"))}


def _parsed(pins: dict[str, bytes]) -> list[object]:
    return [json.loads(content) for content in pins.values()]


def _write_readably(pins: dict[str, bytes]) -> None:
    for name, content in pins.items():
        (LOCK_DIR / name).write_text(json.dumps(json.loads(content), indent=2) + "\n")


def _run_build(progress: Progress) -> None:
    log = TOOLS_DIR / "build.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "autograph_web.frontend.bundle"],
        cwd=ROOT,
        env=tool_environment() | _BUILD_SETTINGS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # A group of its own, so that npm and the bundler end with it when we are told to stop.
        start_new_session=True,
    )
    try:
        _follow(process, log, progress)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    if process.returncode != 0 or not STATIC_DIR.is_dir():
        raise StartupError(f"building the pages failed: {_last_line(log)} (log: {log})")


def _follow(process: "subprocess.Popen[str]", log: Path, progress: Progress) -> None:
    """Write the build's output to the log, tell its steps, and give a sign of life during long ones."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_collect, args=(process, lines), daemon=True).start()
    started = time.monotonic()
    with log.open("w") as output:
        while True:
            try:
                line = lines.get(timeout=_HEARTBEAT_SECONDS)
            except queue.Empty:
                progress(f"… still building after {time.monotonic() - started:.0f} s")
                continue
            if line is None:
                break
            output.write(line)
            output.flush()
            if line.startswith(_STEP):
                progress(line.removeprefix(_STEP).strip())
    process.wait()


def _collect(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
    assert process.stdout is not None  # noqa: S101  (it is a pipe)
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text().splitlines() if line.strip()]
    return lines[-1] if lines else "no output"
