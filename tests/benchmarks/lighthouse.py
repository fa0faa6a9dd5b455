"""Measure the pages as on a phone: `python -m tests.benchmarks.lighthouse [--runs 3] [--out FILE]`.

Lighthouse measures a server in production through the browser of the journeys, with the slow network and the
slow processor that it assumes of a phone. A page over its budget makes the exit code 1.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, async_playwright

from autograph_web.frontend.paths import TOOLS_DIR
from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.benchmarks.client import Wrong
from tests.benchmarks.page_budget import SIGNED_IN, SIGNED_OUT, Look, Page, goals, read_report, table
from tests.benchmarks.report import machine, put_into
from tests.benchmarks.servers import product
from tests.support.browser import chromium
from tests.support.browser.visitor import ARGUMENTS
from tests.support.runner import npm
from tests.support.servers.ports import free_port

LOCK = Path(__file__).with_name("lighthouse.lock")
COMMAND = "make lighthouse"
_HOME = TOOLS_DIR / "lighthouse"
_PATIENCE_S = 180.0  # of one measurement of one page
_PASSWORD = "violet anchor meadow sky"


async def _measure(runs: int) -> tuple[dict[Page, list[Look]], str]:
    """Measure every page this often; also return with which programs, and on which machine."""
    lighthouse = install()
    with tempfile.TemporaryDirectory(prefix="ag-lighthouse-") as name:
        folder = Path(name)
        secret = b64encode(os.urandom(32)).decode()
        database = f"sqlite+aiosqlite:///{folder}/lighthouse.sqlite3"
        with EmbeddedRedis(folder) as redis, product(folder, database, redis.url, secret) as server:
            async with _browser(folder / "profile") as (context, port):
                eye = _Eye(lighthouse, f"http://localhost:{server.port}", port)
                measured = {page: eye.look(page, runs) for page in SIGNED_OUT}
                await _sign_in(context, eye.base_url)
                measured |= {page: eye.look(page, runs) for page in SIGNED_IN}
    return measured, eye.circumstances


@dataclass(slots=True)
class _Eye:
    """Lighthouse, connected to a running browser."""

    program: Path
    base_url: str
    port: int
    circumstances: str = ""

    def look(self, page: Page, runs: int) -> list[Look]:
        """Measure a page this often, each time with an empty cache."""
        return [self._once(page) for _ in range(runs)]

    def _once(self, page: Page) -> Look:
        reports = _HOME / "reports"
        reports.mkdir(exist_ok=True)
        file = reports / (page.path.strip("/").replace("/", "-") or "home")
        options = ["--only-categories=performance", "--disable-full-page-screenshot", "--quiet"]
        options += ["--throttling-method=devtools"]
        outputs = ["--output=json", "--output=html", f"--output-path={file}", "--no-enable-error-reporting"]
        command = [self.program, self.base_url + page.path, f"--port={self.port}", *options, *outputs]
        npm.run(["node", *command], _HOME, _PATIENCE_S)
        report = json.loads(file.with_name(f"{file.name}.report.json").read_text())
        look = read_report(report, page)
        self.circumstances = _circumstances(report)
        _say(f"{page.path}: {look.score}, LCP {look.lcp:.2f} s, {look.total / 1e3:.1f} kB")
        return look


def _circumstances(report: Any) -> str:
    browser = report["environment"]["hostUserAgent"].partition("Chrome/")[2].partition(".")[0]
    return (
        f"Lighthouse {report['lighthouseVersion']} with Chromium {browser} on {datetime.now(UTC):%Y-%m-%d}: "
        f"{machine()}, benchmark index {report['environment']['benchmarkIndex']:,.0f}. "
        "Bytes are as they go over the wire, in thousands (kB)."
    )


@asynccontextmanager
async def _browser(profile: Path) -> AsyncGenerator[tuple[BrowserContext, int]]:
    """A browser that gets a session from us and is driven by Lighthouse, with the same profile."""
    port = free_port()
    arguments = [*ARGUMENTS, f"--remote-debugging-port={port}"]
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium.program(), args=arguments
        )
        yield context, port
        await context.close()


async def _sign_in(context: BrowserContext, base_url: str) -> None:
    """Create an account by the native form; Lighthouse clears the cache of a page, not its cookies."""
    answer = await context.request.post(
        f"{base_url}/session/register",
        form={"email": "mina@northwind.dev", "password": _PASSWORD},
        headers={"Origin": base_url},
        max_redirects=0,
    )
    if answer.headers.get("location") != "/dashboard":
        raise Wrong(f"signing in was answered {answer.status}")


def install() -> Path:
    """Install what lighthouse.lock pins, unless it is there; return the program."""
    pinned, stamp = (LOCK / "package-lock.json").read_bytes(), _HOME / "installed"
    if not stamp.exists() or stamp.read_bytes() != pinned:
        _say("installing Lighthouse (about a minute)")
        npm.install(LOCK, _HOME)
        stamp.write_bytes(pinned)
    return _HOME / "node_modules" / "lighthouse" / "cli" / "index.js"


def _say(line: str) -> None:
    print(f"lighthouse: {line}", flush=True)


def main() -> None:
    arguments = _arguments()
    try:
        if arguments.update_lock:
            npm.pin_newest(LOCK, "lighthouse")
        else:
            _report(arguments)
    except (Wrong, npm.NpmFailed, chromium.NoBrowser, OSError, subprocess.TimeoutExpired) as error:
        print(f"lighthouse: the run is void: {error}", file=sys.stderr)
        sys.exit(1)


def _report(arguments: argparse.Namespace) -> None:
    measured, circumstances = asyncio.run(_measure(arguments.runs))
    text = f"{table(measured)}\n\n{circumstances}"
    print(f"\n{text}")
    if arguments.out:
        put_into(arguments.out, text, COMMAND)
    over = [page.path for page, looks in measured.items() if not all(one.met for one in goals(page, looks))]
    if over:
        raise SystemExit(f"lighthouse: over budget: {', '.join(over)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often to look at each page")
    parser.add_argument("--out", type=Path, help="a document to put the table into, between its markers")
    parser.add_argument("--update-lock", action="store_true", help="only pin the newest Lighthouse")
    return parser.parse_args()


if __name__ == "__main__":
    main()
