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
            return "if the server encrypts only after STARTTLS (port 587), write smtp:// instead of smtps://"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return (
            "check user and password in SMTP_URL, percent-encoded; many providers want an app password, "
            "or take OAuth (XOAUTH2) alone, which we don't speak: then use a relay that takes a password"
        )
    if isinstance(error, aiosmtplib.SMTPException) and _NO_STARTTLS in error.message:
        return (
            "the server offers no STARTTLS: write smtps:// if it encrypts from the first byte (port 465); "
            "only in a network you trust add ?starttls=never to SMTP_URL"
        )
    if isinstance(error, aiosmtplib.SMTPException) and _NO_METHOD in error.message:
        return (
            "the server takes no password (perhaps XOAUTH2 alone, which we don't speak): turn on app "
            "passwords there, or name a relay in SMTP_URL that takes one"
        )
    return ""


def _about_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _WRONG_NAME:
        return "the certificate is for another name: write the host in SMTP_URL as the certificate has it"
    return (
        "nobody we trust vouches for the certificate: name its authority with ?ca=/path/to/authority.pem "
        "in SMTP_URL"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
