"""A user with an API key."""

from datetime import datetime
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any
from zlib import crc32

from httpx import AsyncClient, Response

from autograph_web.api_keys.inputs import ApiKeyInput
from autograph_web.api_keys.key import ApiKeyPrincipal, IssuedKey, Scope
from autograph_web.container import Services
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.services.factories import EMAIL, context, open_pair, register

READ = frozenset({Scope.READ})


BASE62 = digits + ascii_uppercase + ascii_lowercase


def value_of(text: str) -> int:
    """Return the number that a base62 text represents."""
    value = 0
    for letter in text:
        value = value * 62 + BASE62.index(letter)
    return value


def impostor(text: str, number: int = 0) -> str:
    """Return a well-formed key that has the id of another key and a different secret."""
    spelled = text[:16] + f"{number:043d}"
    value, check = crc32(spelled.encode()), ""
    for _ in range(6):
        value, letter = divmod(value, 62)
        check = BASE62[letter] + check
    return spelled + check


def data(name: str = "Backup", scopes: frozenset[Scope] = READ, **end: datetime | int | None) -> ApiKeyInput:
    """Return the input of a request for a key."""
    return ApiKeyInput.model_validate({"name": name, "scopes": scopes, **end})


async def newcomer(services: Services, email: str = EMAIL) -> SessionPrincipal:
    """Create an account and sign in to it."""
    await register(services, email)
    return await signed_in(services, email)


async def signed_in(services: Services, email: str = EMAIL) -> SessionPrincipal:
    """Sign in to an account."""
    pair = await open_pair(services, email)
    return await services.sessions.authenticate_token(pair.access_token)


async def issue(services: Services, principal: SessionPrincipal, **wanted: Any) -> IssuedKey:
    """Create a key."""
    return await services.api_keys.create(context(), principal, data(**wanted))


async def use(services: Services, text: str, ip: str = "203.0.113.7") -> ApiKeyPrincipal:
    """Use a key."""
    return await services.api_keys.authenticate(context(ip), text)


async def make_key(client: AsyncClient, headers: dict[str, str], **wanted: Any) -> dict[str, Any]:
    """Create a key over REST."""
    answer = await client.post(
        "/api-keys", json={"name": "Backup", "scopes": ["read"], **wanted}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def showing(key: str) -> dict[str, str]:
    """Return the header that presents a key."""
    return {"Authorization": f"Bearer {key}"}


async def me(client: AsyncClient, key: str) -> Response:
    """Ask for the principal of a key."""
    return await client.get("/me", headers=showing(key))
