"""The whole schema in one place: importing it imports every table."""

from importlib import import_module

from sqlalchemy import MetaData
from sqlmodel import SQLModel

MODELS = (
    "autograph_web.mail.models",
    "autograph_web.audit.models",
    "autograph_web.accounts.models",
    "autograph_web.sessions.models",
    "autograph_web.mfa.models",
)


def metadata() -> MetaData:
    """Return the metadata of every table the product has."""
    for module in MODELS:
        import_module(module)
    return SQLModel.metadata
