"""Inputs of the accounts package."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT


class RegistrationInput(BaseModel):
    """An email and a password for a new account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])
    # A SecretStr is masked in repr, and therefore never appears in a log.
    password: SecretStr = Field(examples=["a short sentence works well"])
