"""The advice that an operator gets when a real SMTP server refuses."""

import asyncio
import ssl
from pathlib import Path

import pytest

from autograph_web.mail.smtp_advice import advice_for
from tests.support.mail.smtp_server import CREDENTIALS, SECRET, USER, MailServer, told_to_do
from tests.support.servers.certificates import certificate_for_localhost


async def test_a_server_without_starttls_is_told_from_others_by_the_setting_that_mends_it(
    office: MailServer,
) -> None:
    advice = await told_to_do(office.url(starttls="required"))
    assert "?starttls=never" in advice
    assert "smtps://" in advice


@pytest.mark.parametrize("implicit", [False, True])
async def test_of_a_private_authority_the_advice_names_the_setting(tmp_path: Path, implicit: bool) -> None:
    certificate, _ = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=certificate, implicit=implicit, credentials=(USER, SECRET)).open()
    advice = await told_to_do(office.url(CREDENTIALS))
    await office.close()
    assert "?ca=" in advice


async def test_of_a_certificate_for_another_name_the_advice_speaks_of_the_name(tmp_path: Path) -> None:
    certificate, authority = certificate_for_localhost(tmp_path)
    trusting = ssl.create_default_context(cafile=authority)
    server = await asyncio.start_server(
        lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate
    )
    async with server:
        host, port = server.sockets[0].getsockname()
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            await asyncio.open_connection(host, port, ssl=trusting, server_hostname="mail.northwind.dev")
    assert "another name" in advice_for(refused.value)


async def test_tls_from_the_first_byte_where_it_comes_later_is_named(tmp_path: Path) -> None:
    certificate, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(certificate=certificate, credentials=(USER, SECRET)).open()
    url = office.url(CREDENTIALS, ca=str(authority)).replace("smtp://", "smtps://")
    assert "smtp:// instead of smtps://" in await told_to_do(url)
    await office.close()


async def test_a_server_that_takes_no_password_is_named(tmp_path: Path) -> None:
    certificate, authority = certificate_for_localhost(tmp_path)
    office = await MailServer(
        certificate=certificate, credentials=(USER, SECRET), takes_passwords=False
    ).open()
    assert "XOAUTH2" in await told_to_do(office.url(CREDENTIALS, ca=str(authority)))
    await office.close()
