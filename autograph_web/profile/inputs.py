"""What a person may ask about their own account, as it arrives."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class PasswordChangeInput(BaseModel):
    """The password so far, the one that takes its place, and whether every other session ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: SecretStr
    new_password: SecretStr
    end_other_sessions: bool = True


class DeletionInput(BaseModel):
    """The account's own email, typed to confirm that it is to be deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confirm_email: str = Field(max_length=1024, examples=["mina@northwind.dev"])
