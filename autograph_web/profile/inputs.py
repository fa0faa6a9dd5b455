"""What a person may ask about their own account, as it arrives."""

from pydantic import BaseModel, ConfigDict, SecretStr


class PasswordChangeInput(BaseModel):
    """The password so far, the one that takes its place, and whether every other session ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: SecretStr
    new_password: SecretStr
    end_other_sessions: bool = True
