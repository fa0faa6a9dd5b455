"""`run` and `dev`, and the preparation of a start: database and pages."""

import os
import subprocess
import sys
import tempfile
from typing import Annotated

import typer

from autograph_web import frontend
from autograph_web.commands import later
from autograph_web.commands.common import bring_up_to_date, print_line, redis_url, refuse_redis
from autograph_web.frontend.build import pinned_packages, tool_environment
from autograph_web.frontend.paths import ROOT
from autograph_web.infra.port import check_port
from autograph_web.infra.telemetry import tracing

_DEV_VARIABLES = {
    # Pages as files, as in production, because the middleware in front of Reflex serves files.
    "REFLEX_SSR": "true",
    # Excludes the project folder, where each write to the database in data/ would restart the server.
    "REFLEX_HOT_RELOAD_OVERRIDE_PATHS": os.pathsep.join(["autograph_web", "assets"]),
}


def run() -> None:
    """Start the server: build the pages if needed, migrate the database, serve."""
    settings = later.load_settings()
    check_port(settings.host, settings.port)
    for line in settings.deprecated:
        print_line(line)
    frontend.ensure_built(print_line)
    with redis_url(settings) as url:
        refuse_redis(url)
        bring_up_to_date(settings)
        if settings.traces and not tracing.is_installed():
            # OTEL_… variables may be set for every program of a cluster, so this must not prevent the start.
            print_line("tracing is configured but not installed: pip install -r requirements-tracing.txt")
        later.serve.prepare_environment(url, settings.metrics_dir)
        later.load_settings.cache_clear()
        later.serve.serve(later.load_settings(), print_line)


def dev() -> None:
    """Start the server and restart it, pages included, whenever a source file changes."""
    settings = later.load_settings()
    check_port(settings.host, settings.port)
    frontend.ensure_built(print_line)
    with redis_url(settings) as url:
        bring_up_to_date(settings)
        environment = {**os.environ, **tool_environment(), **_DEV_VARIABLES, "REDIS_URL": url}
        port = str(settings.port)
        ports = ["--frontend-port", port, "--backend-port", port, "--backend-host", settings.host]
        command = [sys.executable, "-m", "reflex", "run", "--env", "preview", *ports]
        with pinned_packages(print_line):
            subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603  (the arguments are ours)


def migrate_command() -> None:
    """Migrate the database to the latest schema."""
    bring_up_to_date(later.load_settings())
    print_line("the database is up to date")


def build(
    update_lock: Annotated[
        bool, typer.Option(help="Record the npm packages that this build resolves to.")
    ] = False,
) -> None:
    """Build the pages if they are not up to date."""
    if not frontend.ensure_built(print_line, update_lock=update_lock):
        print_line("the pages are up to date")


def revision(message: Annotated[str, typer.Option("-m", help="Short description of the migration.")]) -> None:
    """Generate the next database migration from changes to the models (for developers)."""
    with tempfile.TemporaryDirectory() as folder:
        later.write_revision(message, f"sqlite+aiosqlite:///{folder}/scratch.sqlite3")
