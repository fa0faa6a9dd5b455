"""API keys."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from autograph_web.api_keys.key import ApiKey, IssuedKey, Scope


class ApiKeyOut(BaseModel):
    """An API key; `prefix` is its start, the rest is never stored."""

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyOut":
        """Return the JSON representation of `key`."""
        return cls(**_members(key))


class ApiKeyCreatedOut(ApiKeyOut):
    """A new API key; `key` is the complete key, returned once."""

    key: str
    message: str = "Keep the key somewhere safe. We won't show it again."

    @classmethod
    def issued(cls, issued: IssuedKey) -> "ApiKeyCreatedOut":
        """Return the JSON representation of `issued`."""
        return cls(**_members(issued.key), key=issued.text)


def _members(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_ip": key.last_used_ip or None,
    }
