"""The command line as an operator uses it: a process of its own, on the database and Redis of a test."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

from autograph_web.runtime import Services
from tests.support.factories import SECRET
from tests.support.sources import ROOT

_OURS = ("AUTOGRAPH_", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "PORT")


async def command(
    services: Services, *arguments: str, given: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end with `given` on standard input; no trace may ever show."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "DATABASE_URL": services.settings.database_url,
        "REDIS_URL": services.settings.redis_url,
        "AUTOGRAPH_DATA_DIR": str(services.settings.data_dir),
        "AUTOGRAPH_SECRET_KEYS": SECRET,
        "AUTOGRAPH_BCRYPT_COST": "4",
        "COLUMNS": "160",
        **settings,
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "autograph_web", *arguments],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


async def as_json(services: Services, *arguments: str, given: str = "") -> Any:
    """Run one command that succeeds and return what it told as JSON."""
    done = await command(services, *arguments, "--json", given=given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
