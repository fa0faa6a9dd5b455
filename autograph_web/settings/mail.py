"""How emails are sent, and which addresses are accepted."""

from typing import Annotated

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from autograph_web.infra.mail_addresses import RESERVED_DOMAINS, sender_address
from autograph_web.infra.smtp_url import SmtpServer, parse_smtp_url
from autograph_web.settings.section import Section, split_commas

KEEP_LETTERS = "folder"
"""The value of `SMTP_URL` for storing emails in the data folder on purpose."""


class MailSettings(Section):
    """Email settings."""

    smtp_url: str = Field("", validation_alias=AliasChoices("SMTP_URL", "smtp_url"))
    mail_from: str = ""
    reserved_email_domains: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("reserved_email_domains", mode="before")
    @classmethod
    def _split_domains(cls, value: object) -> object:
        return split_commas(value)

    @field_validator("reserved_email_domains")
    @classmethod
    def _check_reserved_domains(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(value.lower().strip(".") for value in values)
        if any(name.rpartition(".")[2] not in RESERVED_DOMAINS for name in names):
            raise ValueError(f"must be of {', '.join(sorted(RESERVED_DOMAINS))}, such as home.arpa")
        return names

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp_url(cls, value: str) -> str:
        if value not in ("", KEEP_LETTERS):
            parse_smtp_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str) -> str:
        if value:
            sender_address(value)
        return value

    @property
    def smtp_server(self) -> SmtpServer | None:
        """The SMTP server, or None if emails are stored in the data folder."""
        return None if self.smtp_url in ("", KEEP_LETTERS) else parse_smtp_url(self.smtp_url)
