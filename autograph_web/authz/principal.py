"""The principal that a request acts for."""

from typing import TypeAlias

from autograph_web.api_keys.key import ApiKeyPrincipal
from autograph_web.sessions.principal import SessionPrincipal

Principal: TypeAlias = SessionPrincipal | ApiKeyPrincipal
"""A user in a session, or an API key that acts for its owner."""
