"""What a sign-in is asked with."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class SignInInput(BaseModel):
    """An email and a password; `remember_me` lets the session idle for 30 days instead of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=1024, examples=["mina@northwind.dev"])
    password: SecretStr = Field(examples=["a short sentence works well"])
    remember_me: bool = False
