"""Verifying and changing an email address."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.api.schemas.account import AccountOut
from autograph_web.api.schemas.recovery import RemovedOut
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.recovery.first_verification import Verified


class LinkToken(BaseModel):
    """The last part of the link in a letter, after `#token=`."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]


class NewEmail(BaseModel):
    """The address to move to."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@elsewhere.dev"])]


class VerificationConfirmation(BaseModel):
    """The token of the link; without a sign-in to the account, the password that was chosen for it."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]
    password: SecretStr | None = None


class EmailVerifiedOut(AccountOut):
    """The account. Both members are null unless what was set up before has ended: then choose a password."""

    removed: RemovedOut | None
    password_reset_token: str | None

    @classmethod
    def shown(cls, verified: Verified) -> "EmailVerifiedOut":
        """Return the JSON representation of `verified`."""
        account = AccountOut.of(verified.account).model_dump()
        removed = RemovedOut.of(verified.removed) if verified.removed else None
        return cls(**account, removed=removed, password_reset_token=verified.token)


class EmailUndoneOut(BaseModel):
    """The account is back at its old address; choose a new password with this token within an hour."""

    message: str = "Your account is at its old email again, and everybody is signed out."
    password_reset_token: str
    removed: RemovedOut
