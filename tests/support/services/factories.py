"""The users, requests and settings that tests refer to."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import Table, func, select, text

from autograph_web.accounts.account import Account
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.audit.store import AUDIT
from autograph_web.authn.flow.inputs import SignInInput
from autograph_web.container import Services
from autograph_web.infra.context import RequestContext
from autograph_web.sessions.principal import AuthenticationGrant
from autograph_web.sessions.tokens import TokenPair
from autograph_web.settings import Settings

EMAIL = "mina@northwind.dev"
PASSWORD = "gravel harbour thirteen violins"
WRONG = "gravel harbour thirteen violas"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
SECRET = "q1Zr8vKx3mWn7bLp2sTd5gYh9cFj4aEu6oRiXwQzVkM="
OLDER_SECRET = "Hn4tPb9yLc2wXr7dKs1vGf6mZj3qAe8uToYiRwQzVkN="
STRANGERS_SECRET = "Zx5cVb6nMa1sDf2gHj3kLq4wEr7tYu8iOp9aSdFgHjK="


def make_settings(data_dir: Path, **changes: Any) -> Settings:
    """Return settings for tests: fast hashes and a known secret."""
    given: dict[str, Any] = {"secret_keys": (SECRET,), "bcrypt_cost": 4, "data_dir": data_dir}
    # The email to every new account is the subject of its own tests; all others find only their own emails.
    given["email_verification"] = "off"
    # Keys and cookies under their plain names, so that tests can refer to them.
    given["instance"] = "off"
    return Settings(**given | changes)


def context(ip: str = "203.0.113.7", agent: str = AGENT) -> RequestContext:
    """Return the context of one request."""
    return RequestContext(ip, agent, str(uuid4()))


async def register(services: Services, email: str = EMAIL, password: str = PASSWORD) -> Account:
    """Create an account."""
    data = RegistrationInput(email=email, password=SecretStr(password))
    return await services.registration.register(context("198.51.100.200"), data)


async def prove(
    services: Services,
    email: str = EMAIL,
    password: str = PASSWORD,
    ip: str = "203.0.113.7",
    *,
    remember: bool = False,
    device: str | None = None,
) -> AuthenticationGrant:
    """Sign in to an account without a second factor."""
    data = SignInInput(email=email, password=SecretStr(password), remember_me=remember)
    outcome = await services.sign_in.start(context(ip), data, device)
    assert isinstance(outcome, AuthenticationGrant)
    return outcome


def device_cookie(services: Services, grant: AuthenticationGrant) -> str:
    """Return the cookie that makes a browser a known device of the signed-in account."""
    return services.device_cookies.issue(grant.email)


async def open_pair(services: Services, email: str = EMAIL, ip: str = "203.0.113.7") -> TokenPair:
    """Sign a REST client in."""
    return await services.tokens.open_for_client(context(ip), await prove(services, email, ip=ip))


async def open_cookie(services: Services, *, remember: bool = False) -> str:
    """Sign a browser in and return its session cookie."""
    grant = await prove(services, remember=remember)
    return (await services.sessions.open_for_browser(context(), grant)).cookie


async def rows(services: Services, table: Table) -> list[Any]:
    """Return every row of a table."""
    async with services.database.read() as connection:
        return list(await connection.execute(select(table)))


async def how_many(services: Services, table: Table) -> int:
    """Count the rows of a table."""
    async with services.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def audited(services: Services, kind: str) -> list[Any]:
    """Return the audit rows of one event type, oldest first."""
    found = [row for row in await rows(services, AUDIT) if row.kind == kind]
    return sorted(found, key=lambda row: row.id)


async def change(services: Services, table: Table, **values: Any) -> None:
    """Set columns of every row, as an operator would in the database."""
    async with services.database.unit() as connection:
        await connection.execute(table.update().values(**values))


async def give_authenticators(services: Services, role: str) -> None:
    """Give every account with a role an authenticator whose key no test has."""
    added = text(
        "INSERT INTO totp_factors (id, user_id, sealed_secret, last_step, created_at, activated_at)"
        " SELECT id, id, '', 0, created_at, created_at FROM users WHERE role = :role"
    )
    async with services.database.unit() as connection:
        await connection.execute(added, {"role": role})
