"""What may be asked of accounts, as it arrives."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class RegistrationInput(BaseModel):
    """An address and a password for a new account; the rules about both are the service's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=1024, examples=["mina@northwind.dev"])
    # A SecretStr never shows in a repr, and so never in a log.
    password: SecretStr = Field(examples=["a short sentence works well"])
