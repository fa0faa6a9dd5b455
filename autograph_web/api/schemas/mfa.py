"""Two-step verification: setup, codes and trusted devices."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.authn.methods.totp.enrolment import Setup
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedBrowser
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT


class MfaSetupOut(BaseModel):
    """A new authenticator key: as text, as a QR code (PNG in base64) and as a URI."""

    secret: str
    qr_code: str
    provisioning_uri: str

    @classmethod
    def of(cls, setup: Setup) -> "MfaSetupOut":
        """Return the JSON representation of `setup`."""
        return cls(secret=setup.secret, qr_code=setup.qr_code, provisioning_uri=setup.provisioning_uri)


class EnableRequest(BaseModel):
    """A code from the new key, and whether all other sessions end."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[SecretStr, Field(max_length=256, examples=["123456"])]
    end_other_sessions: bool = True


class VerifyRequest(BaseModel):
    """A verification code or a recovery code, for the sign-in identified by `mfa_token` or the email."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])]
    code: Annotated[SecretStr, Field(max_length=256, examples=["123456"])]
    mfa_token: Annotated[SecretStr | None, Field(max_length=256)] = None


class RecoveryCodesOut(BaseModel):
    """Ten recovery codes, shown once."""

    recovery_codes: list[str]


class MfaEnabledOut(RecoveryCodesOut):
    """Two-step verification is on."""

    message: str = "Two-step verification is on."
    detail: str = (
        "Keep the recovery codes somewhere safe. Each code works once. You won't be able to see them again."
    )


class TrustedDeviceOut(BaseModel):
    """A browser that doesn't need a code to sign in."""

    id: UUID
    ip: str
    user_agent: str
    trusted_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, browser: TrustedBrowser) -> "TrustedDeviceOut":
        """Return the JSON representation of `browser`."""
        return cls(
            id=browser.id,
            ip=browser.ip,
            user_agent=browser.user_agent,
            trusted_at=browser.created_at,
            last_used_at=browser.last_used_at,
            expires_at=browser.expires_at,
        )
