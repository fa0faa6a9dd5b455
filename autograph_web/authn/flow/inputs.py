"""Inputs of the sign-in flow."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT


class SignInInput(BaseModel):
    """An email and a password; `remember_me` extends the idle timeout from one day to 30 days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])
    password: SecretStr = Field(examples=["a short sentence works well"])
    remember_me: bool = False


class SecondStepInput(BaseModel):
    """An authenticator code or a recovery code, for the sign-in that `mfa_token` or the email identifies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])
    code: SecretStr = Field(max_length=256, examples=["123456"])
    mfa_token: SecretStr | None = Field(default=None, max_length=256)
    trust_device: bool = False


class ReauthenticationInput(BaseModel):
    """The password again, with a code if two-step verification is on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: SecretStr
    code: SecretStr | None = Field(default=None, max_length=256)
