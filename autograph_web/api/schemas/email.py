"""Verifying and changing an email address."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.api.schemas.account import AccountOut
from autograph_web.api.schemas.recovery import RemovedOut
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.recovery.first_verification import Verified


class LinkToken(BaseModel):
    """The last part of the link in an email, after `#token=`."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]


class NewEmail(BaseModel):
    """The new email."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@elsewhere.dev"])]


class VerificationConfirmation(BaseModel):
    """The token from the link, and the account's password if the request isn't signed in to the account."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]
    password: SecretStr | None = None


class EmailVerifiedOut(AccountOut):
    """The account. Both members are null unless earlier credentials were revoked: then choose a password."""

    removed: RemovedOut | None
    password_reset_token: str | None

    @classmethod
    def shown(cls, verified: Verified) -> "EmailVerifiedOut":
        """Return the JSON representation of `verified`."""
        account = AccountOut.of(verified.account).model_dump()
        removed = RemovedOut.of(verified.removed) if verified.removed else None
        return cls(**account, removed=removed, password_reset_token=verified.token)


class EmailUndoneOut(BaseModel):
    """The account uses its previous email again; choose a new password with this token within an hour."""

    message: str = "Your email has been restored and all devices are signed out."
    password_reset_token: str
    removed: RemovedOut
