"""Two applications in one process: each has its own database, secrets and names."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import ASGIApp, Message

from autograph_web.app import create_app
from autograph_web.runtime import services
from autograph_web.settings import Settings
from tests.support.services.app import PAGES
from tests.support.services.factories import AGENT, OLDER_SECRET, PASSWORD, make_settings

MINA, THEO = "mina@northwind.dev", "theo@southwind.dev"


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncGenerator[None]:
    """Run an app's lifespan as a server does."""
    to_app, from_app = asyncio.Queue[Message](), asyncio.Queue[Message]()
    task = asyncio.ensure_future(app({"type": "lifespan"}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    yield
    await to_app.put({"type": "lifespan.shutdown"})
    assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
    await task


@pytest.fixture
async def north_and_south(
    database_url: str, redis_url: str, migrated_sqlite_file: Path, tmp_path: Path
) -> AsyncGenerator[tuple[AsyncClient, AsyncClient]]:
    """A client for each of the two applications."""
    south = Path(shutil.copy(migrated_sqlite_file, tmp_path / "south.sqlite3"))
    of_north = make_settings(
        tmp_path / "north",
        database_url=database_url,
        redis_url=redis_url,
        base_url="http://north.example:3000",
        instance="",
        issuer="North",
    )
    of_south = make_settings(
        tmp_path / "south",
        database_url=f"sqlite:///{south}",
        redis_url=redis_url,
        secret_keys=(OLDER_SECRET,),
        base_url="http://south.example:4000",
        instance="",
        issuer="South",
    )
    async with AsyncExitStack() as stack:

        async def client(settings: Settings) -> AsyncClient:
            app = create_app(settings, PAGES)
            await stack.enter_async_context(running(app))
            headers = {"User-Agent": AGENT, "Origin": settings.base_url}
            transport = ASGITransport(app, client=("203.0.113.7", 50_000))
            made = AsyncClient(transport=transport, base_url=settings.base_url, headers=headers)
            return await stack.enter_async_context(made)

        yield await client(of_north), await client(of_south)


async def sign_up(client: AsyncClient, email: str) -> str:
    person = {"email": email, "password": PASSWORD}
    assert (await client.post("/register", json=person)).status_code == 201
    answer = await client.post("/login", json=person)
    return answer.json()["access_token"]


async def test_an_account_of_one_is_a_stranger_to_the_other(
    north_and_south: tuple[AsyncClient, AsyncClient],
) -> None:
    north, south = north_and_south
    of_mina, of_theo = await asyncio.gather(sign_up(north, MINA), sign_up(south, THEO))

    for client, email, own, foreign in ((north, MINA, of_mina, of_theo), (south, THEO, of_theo, of_mina)):
        me = await client.get("/me", headers={"Authorization": f"Bearer {own}"})
        assert me.json()["email"] == email
        refused = await client.get("/me", headers={"Authorization": f"Bearer {foreign}"})
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    other = await south.post("/login", json={"email": MINA, "password": PASSWORD})
    assert other.json()["code"] == "invalid_credentials"


async def test_requests_side_by_side_find_their_own(
    north_and_south: tuple[AsyncClient, AsyncClient],
) -> None:
    north, south = north_and_south
    of_mina, of_theo = await asyncio.gather(sign_up(north, MINA), sign_up(south, THEO))
    asked = [(north, of_mina, "North"), (south, of_theo, "South")] * 8

    setups = await asyncio.gather(
        *(
            client.post("/mfa/setup", headers={"Authorization": f"Bearer {token}"})
            for client, token, _ in asked
        )
    )

    for (_, _, issuer), setup in zip(asked, setups, strict=True):
        assert f"issuer={issuer}" in setup.json()["provisioning_uri"]


async def test_a_browser_of_one_is_nobody_at_the_other(
    north_and_south: tuple[AsyncClient, AsyncClient],
) -> None:
    north, south = north_and_south
    await asyncio.gather(sign_up(north, MINA), sign_up(south, THEO))
    for client, email in ((north, MINA), (south, THEO)):
        done = await client.post("/session/sign-in", data={"email": email, "password": PASSWORD})
        assert done.status_code == 303

    cookies = {client: dict(client.cookies) for client in (north, south)}
    assert set(cookies[north]) & set(cookies[south]) == set()
    stolen = "; ".join(f"{name}={value}" for name, value in cookies[north].items())
    renamed = stolen.replace("_3000=", "_4000=")
    answer = await south.get("/dashboard", headers={"Cookie": renamed}, follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    with pytest.raises(RuntimeError, match="bound"):
        services()
