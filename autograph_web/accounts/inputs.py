"""What may be asked of accounts, as it arrives."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT


class RegistrationInput(BaseModel):
    """An address and a password for a new account; the rules about both are the service's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])
    # A SecretStr never shows in a repr, and so never in a log.
    password: SecretStr = Field(examples=["a short sentence works well"])
