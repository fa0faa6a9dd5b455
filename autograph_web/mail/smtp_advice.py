"""Remedies for SMTP failures: which part of `SMTP_URL` an operator can correct."""

import ssl
from collections.abc import Iterator

import aiosmtplib

_NO_STARTTLS = "STARTTLS extension not supported"
_NO_METHOD = "No suitable authentication method"
_WRONG_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL


def advice_for(error: Exception) -> str:
    """Return which setting fixes `error`, or "" if none does; never contains a credential."""
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return _about_certificate(one)
        if isinstance(one, ssl.SSLError):
            return "if the server encrypts only after STARTTLS (port 587), use smtp:// instead of smtps://"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return (
            "check user and password in SMTP_URL (percent-encoded); many providers need an app password, "
            "or accept only OAuth (XOAUTH2), which isn't supported: then use a relay that accepts a password"
        )
    if isinstance(error, aiosmtplib.SMTPException) and _NO_STARTTLS in error.message:
        return (
            "the server doesn't offer STARTTLS: use smtps:// if it encrypts from the first byte (port 465); "
            "only on a network you trust, add ?starttls=never to SMTP_URL"
        )
    if isinstance(error, aiosmtplib.SMTPException) and _NO_METHOD in error.message:
        return (
            "the server doesn't accept a password (perhaps only XOAUTH2, which isn't supported): turn on app "
            "passwords there, or use a relay in SMTP_URL that accepts one"
        )
    return ""


def _about_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _WRONG_NAME:
        return "the certificate is for another name: use the host name in the certificate in SMTP_URL"
    return (
        "the certificate isn't signed by a trusted CA: set its CA with ?ca=/path/to/authority.pem in SMTP_URL"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
