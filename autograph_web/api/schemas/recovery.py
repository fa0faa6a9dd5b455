"""Resetting a password, and what that revoked."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.api.schemas.account import MessageOut
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.recovery.revoked_credentials import RevokedCredentials


class PasswordResetRequest(BaseModel):
    """The email to send a password reset link to."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])]


class PasswordResetConfirmation(BaseModel):
    """The token from the link and the new password."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]
    new_password: Annotated[SecretStr, Field(examples=["a short sentence works well"])]


class RemovedOut(BaseModel):
    """What was revoked: how many of each, and when the authenticator app had been set up."""

    sessions: int
    authenticator_set_up_at: datetime | None
    recovery_codes: int
    trusted_devices: int
    api_keys: int
    password: bool

    @classmethod
    def of(cls, removed: RevokedCredentials) -> "RemovedOut":
        """Return the JSON representation of `removed`."""
        return cls(**asdict(removed))


class PasswordSetOut(MessageOut):
    """What was done and what was revoked."""

    removed: RemovedOut
