"""A real SMTP server (aiosmtpd) that can be made to misbehave."""

import asyncio
import ssl
import warnings
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from autograph_web.infra.smtp_url import parse_smtp_url
from autograph_web.mail.smtp import SmtpTransport
from autograph_web.mail.transport import TransientFailure

USER, SECRET = "mailer@northwind.dev", "p@ss/word:%41"
CREDENTIALS = f"{quote(USER, safe='')}:{quote(SECRET, safe='')}@"


@dataclass
class Arrived:
    """One email as the server received it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    encrypted: bool
    authenticated: bool


@dataclass
class MailServer:
    """Accepts emails; `recipient_says` and `data_says` are used up one per email, then all are accepted."""

    certificate: ssl.SSLContext | None = None
    implicit: bool = False
    credentials: tuple[str, str] | None = None
    utf8: bool = True
    stalls: bool = False
    takes_passwords: bool = True
    drops: bool = False
    recipient_says: list[str] = field(default_factory=list)
    data_says: list[str] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    conversations: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _patience: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> "MailServer":
        """Listen, on the previous port if there was one."""
        loop = asyncio.get_running_loop()
        tls = self.certificate if self.implicit else None
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Stop listening and close the connections."""
        self._patience.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        for _ in range(5):  # cleaning up after a failed handshake takes some turns of the loop
            await asyncio.sleep(0.01)

    def let_go(self) -> None:
        """Let the stalled conversations continue."""
        self._patience.set()
        self._patience = asyncio.Event()

    def url(self, credentials: str = "", **options: str) -> str:
        """Return the value that SMTP_URL would have."""
        scheme = "smtps" if self.implicit else "smtp"
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"{scheme}://{credentials}localhost:{self.port}{'?' if query else ''}{query}"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.stalls:
            await self._patience.wait()
        if self.recipient_says:
            return self.recipient_says.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drops:
            server.transport.abort()
            return "250 nobody hears this"
        if self.data_says:
            return self.data_says.pop(0)
        raw = envelope.content
        assert isinstance(raw, bytes)
        self.arrived.append(
            Arrived(
                sender=str(envelope.mail_from),
                recipients=[str(address) for address in envelope.rcpt_tos],
                message=message_from_bytes(raw, _class=EmailMessage, policy=policy.default),
                raw=raw,
                encrypted=server.transport.get_extra_info("sslcontext") is not None,
                authenticated=bool(session.authenticated),
            )
        )
        return "250 OK"

    async def auth_XOAUTH2(self, _server: SMTP, _args: list[str]) -> AuthResult:  # noqa: N802
        """Offer a mechanism without a password (found by the name of this method); accept no one."""
        return AuthResult(success=False, handled=False)

    def _protocol(self) -> SMTP:
        self.conversations += 1
        with warnings.catch_warnings():
            # The library does not recognise TLS from the first byte as TLS, and warns about it.
            warnings.simplefilter("ignore", UserWarning)
            return self._new_protocol()

    def _new_protocol(self) -> SMTP:
        return SMTP(
            self,
            enable_SMTPUTF8=self.utf8,
            tls_context=None if self.implicit else self.certificate,
            require_starttls=self.certificate is not None and not self.implicit,
            auth_require_tls=not self.implicit,
            auth_required=self.credentials is not None,
            auth_exclude_mechanism=() if self.takes_passwords else ("PLAIN", "LOGIN"),
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(self, *told: Any) -> AuthResult:
        data = told[-1]
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (
            self.credentials
        )
        return AuthResult(success=good, handled=False)


async def told_to_do(url: str) -> str:
    """Return the advice that the product gives about the server of `url`."""
    with pytest.raises(TransientFailure) as refused:
        await SmtpTransport(parse_smtp_url(url), "AutoGraph <no-reply@northwind.dev>").greet()
    assert SECRET not in refused.value.advice
    return refused.value.advice
