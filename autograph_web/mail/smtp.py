"""Email over SMTP. Neither credentials nor content are ever logged; a failure is identified by its code."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

import aiosmtplib

from autograph_web.infra.mail_addresses import sender_address, wire_address
from autograph_web.infra.smtp_url import SmtpServer
from autograph_web.mail.rendering import as_message
from autograph_web.mail.smtp_advice import advice_for
from autograph_web.mail.transport import Envelope, PermanentFailure, TransientFailure

_REPLY_S = 20.0
_WHOLE_S = 60.0
_GOODBYE_S = 2.0


class SmtpTransport:
    """Sends each email to the server over a separate connection."""

    def __init__(self, server: SmtpServer, sender: str, reply_seconds: float = _REPLY_S) -> None:
        self._server, self._sender, self._reply_seconds = server, sender, reply_seconds
        self._host = sender_address(sender).domain
        self._trust = ssl.create_default_context(cafile=server.ca_file)

    async def carry(self, parcel: Envelope) -> None:
        """Send `parcel` to the server.

        Raises:
            TransientFailure: The server is unavailable, rejects temporarily, or does not authenticate us.
            PermanentFailure: The server permanently rejects the recipient or the email, or the address cannot
                be encoded in the form that the server supports.
        """
        try:
            recipient = wire_address(parcel.letter.to).addr_spec
            message = as_message(parcel, self._sender)
        except ValueError as error:
            raise PermanentFailure(error.__class__.__name__) from None
        try:
            async with self._connected() as client:
                await self._hand_over(client, message, recipient)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise TransientFailure(_name(error), advice=advice_for(error)) from error

    async def greet(self) -> None:
        """Connect, authenticate if credentials are configured, and disconnect; nothing is sent.

        Raises:
            TransientFailure: The server is unavailable, or does not authenticate us.
        """
        try:
            async with self._connected():
                pass
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise TransientFailure(_name(error), advice=advice_for(error)) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[aiosmtplib.SMTP]:
        client = self._client()
        try:
            async with asyncio.timeout(_WHOLE_S):
                await client.connect()
                yield client
            # The email has been accepted: a failure of QUIT does not change that.
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S):
                    await client.quit()
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._host,
            timeout=self._reply_seconds,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=self._trust if server.encryption != "none" else None,
        )

    async def _hand_over(self, client: aiosmtplib.SMTP, message: EmailMessage, recipient: str) -> None:
        sender = sender_address(self._sender).addr_spec
        try:
            await client.send_message(message, sender=sender, recipients=[recipient])
        except aiosmtplib.SMTPNotSupported:
            raise PermanentFailure("SMTPUTF8 is not offered") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refusal(error.code) from None


def _refusal(code: int) -> TransientFailure | PermanentFailure:
    # RFC 5321 section 4.2.1. After other commands, 5xx indicates a configuration error, which can be fixed.
    return (
        PermanentFailure(f"SMTP {code}")
        if 500 <= code <= 599
        else TransientFailure(f"SMTP {code}", this_letter=True)
    )


def _name(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.__class__.__name__} {error.code}"
    if type(error) is aiosmtplib.SMTPException:
        return error.message  # the text of the library, such as that the server does not support STARTTLS
    cause = error.__cause__
    return f"{error.__class__.__name__} ({cause.__class__.__name__})" if cause else error.__class__.__name__
