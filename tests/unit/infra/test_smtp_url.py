"""The meaning of SMTP_URL, and that credentials are never sent or shown by accident."""

from pathlib import Path

import pytest

from autograph_web.infra.smtp_url import SmtpServer, parse_smtp_url
from tests.support.servers.certificates import certificate_for_localhost


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, "starttls")),
        ("smtp://mail.example.com:2525", SmtpServer("mail.example.com", 2525, "starttls")),
        ("smtp://mail.example.com?starttls=never", SmtpServer("mail.example.com", 25, "none")),
        ("smtp://u:p@mail.example.com/", SmtpServer("mail.example.com", 587, "starttls", "u", "p")),
        ("smtps://u:p@mail.example.com", SmtpServer("mail.example.com", 465, "tls", "u", "p")),
        ("smtp://localhost:1025", SmtpServer("localhost", 1025, "none")),
        ("smtp://127.0.0.1", SmtpServer("127.0.0.1", 25, "none")),
        ("smtp://[::1]:1025", SmtpServer("::1", 1025, "none")),
        ("smtp://localhost:1025?starttls=required", SmtpServer("localhost", 1025, "starttls")),
        ("smtp://u:p@localhost:1025", SmtpServer("localhost", 1025, "starttls", "u", "p")),
        ("smtp://u%40h:p%2F%3A%25%40@h.example", SmtpServer("h.example", 587, "starttls", "u@h", "p/:%@")),
    ],
)
def test_a_url_names_a_server(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp:mail.example.com",
        "smtp://:25",
        "smtp://u@mail.example.com",
        "smtp://:p@mail.example.com",
        "smtp://mail.example.com:0x19",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/inbox",
        "smtp://mail.example.com#x",
        "smtp://[::1",
        "ftp://mail.example.com",
        "smtp://mail.example.com?starttls",
        "smtp://mail.example.com?verify=no",
        "smtps://mail.example.com?starttls=required",
    ],
)
def test_what_names_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|needs|starttls|accept|option|not a valid address"):
        parse_smtp_url(url)


def test_a_private_authority_must_be_there(tmp_path: Path) -> None:
    _, file = certificate_for_localhost(tmp_path)
    assert parse_smtp_url(f"smtps://mail.example.com?ca={file}").ca_file == file
    for content in ("", "no certificate", None):
        file.unlink() if content is None else file.write_text(content)
        with pytest.raises(ValueError, match="must be a PEM file"):
            parse_smtp_url(f"smtps://mail.example.com?ca={file}")


def test_a_server_never_shows_its_password() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtp://mailer:hunter2@mail.example.com"))
