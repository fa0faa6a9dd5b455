"""The page that shows kept letters: to whoever develops on this machine, and to nobody else at all."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient, Response

from autograph_web.container import Services
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.transport import Envelope
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock

LINK = "http://localhost:3000/password-reset/confirm#token=abc"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")


async def keep(
    services: Services, clock: FakeClock, number: int = 1, subject: str = "Hello <b>you</b>"
) -> str:
    """Keep a letter as the courier would and return its id."""
    letter = MailMessage(
        "mina@northwind.dev", subject, ("A <script>alert(1)</script>",), Action("Open it", LINK)
    )
    name = f"{number:022d}"
    await services.mail_folder.carry(Envelope(letter, f"<{name}@localhost>", clock.now()))
    await asyncio.sleep(0.01)  # files are ordered by their time
    return f"{clock.now():%Y%m%dT%H%M%S}-{name}"


@pytest.fixture
def here(connect: Connect) -> AsyncClient:
    """A browser on the machine itself."""
    return connect(ip="127.0.0.1", Accept="text/html")


async def test_letters_are_listed_the_newest_first(
    here: AsyncClient, services: Services, clock: FakeClock
) -> None:
    assert "No emails yet" in (await here.get("/dev/mail")).text
    first = await keep(services, clock, 1, "First")
    second = await keep(services, clock, 2, "Second")

    page = (await here.get("/dev/mail")).text
    assert 0 < page.index(f'href="/dev/mail/{second}"') < page.index(f'href="/dev/mail/{first}"')


async def test_a_letter_is_shown_escaped_and_can_be_followed(
    here: AsyncClient, services: Services, clock: FakeClock
) -> None:
    letter_id = await keep(services, clock)
    page, frame = [await here.get(f"/dev/mail/{letter_id}{end}") for end in ("", "/letter")]

    assert (page.status_code, frame.status_code) == (200, 200)
    assert f'src="/dev/mail/{letter_id}/letter"' in page.text
    assert LINK in page.text
    assert f'href="{LINK}"' in frame.text
    for response in (page, frame):
        assert "<script" not in response.text
        assert "<b>you" not in response.text
        assert response.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "style-src 'self'" in policy
    assert "frame-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "DENY"
    of_letter = frame.headers["content-security-policy"]
    assert of_letter.startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in of_letter
    assert "frame-ancestors 'self'" in of_letter
    assert (await here.head("/dev/mail")).status_code == 200


def is_as_if_it_did_not_exist(response: Response, unknown: Response) -> bool:
    varying = ("x-request-id", "content-length")
    same = {name: value for name, value in response.headers.items() if name not in varying}
    known = {name: value for name, value in unknown.headers.items() if name not in varying}
    return (response.status_code, same) == (unknown.status_code, known)


async def expect_nothing(client: AsyncClient, letter_id: str, **headers: str) -> None:
    for method in METHODS:
        unknown = await client.request(method, "/dev/nail", headers=headers)
        for path in ("/dev/mail", f"/dev/mail/{letter_id}", f"/dev/mail/{letter_id}/letter"):
            response = await client.request(method, path, headers=headers)
            assert is_as_if_it_did_not_exist(response, unknown), (method, path)
            assert LINK not in response.text


STRANGERS: dict[str, dict[str, Any]] = {
    "another machine": {"ip": "203.0.113.7"},
    "a machine nearby": {"ip": "192.168.1.20"},
    "a proxy on this machine": {"ip": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"},
    "a proxy of the new kind": {"ip": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    "a foreign name that points here": {"ip": "127.0.0.1", "Host": "evil.example:3000"},
    "our name at another port": {"ip": "127.0.0.1", "Host": "localhost:8000"},
    "a name that begins like ours": {"ip": "127.0.0.1", "Host": "localhost:3000.evil.example"},
    "no name": {"ip": "127.0.0.1", "Host": ""},
}


@pytest.mark.parametrize("who", sorted(STRANGERS))
async def test_to_a_stranger_it_does_not_exist(
    connect: Connect, services: Services, clock: FakeClock, who: str
) -> None:
    letter_id = await keep(services, clock)
    await expect_nothing(connect(**STRANGERS[who], Accept="text/html"), letter_id)
    await expect_nothing(connect(**STRANGERS[who]), letter_id)


@pytest.mark.parametrize(
    "settings_changes",
    [
        {"environment": "production", "base_url": "http://localhost:3000", "smtp_url": "folder"},
        {"environment": "production", "base_url": "http://localhost:3000", "smtp_url": "smtp://localhost"},
        {"smtp_url": "smtp://localhost:1025"},
        {"base_url": "https://localhost:3000"},
    ],
    ids=["production", "production with SMTP", "development with SMTP", "development over https"],
)
async def test_elsewhere_it_does_not_exist(here: AsyncClient, services: Services, clock: FakeClock) -> None:
    await expect_nothing(here, await keep(services, clock))


@pytest.mark.parametrize("host", ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "LOCALHOST:3000"])
async def test_it_answers_to_every_name_of_this_machine(
    connect: Connect, services: Services, host: str
) -> None:
    for ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert (await connect(ip=ip, Host=host).get("/dev/mail")).status_code == 200


@pytest.mark.parametrize(
    "trick",
    [
        "../../autograph.sqlite3",
        "..%2f..%2fsecrets",
        "%2e%2e/secrets",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        ".",
        "..",
        "%00",
        "notes.txt",
        "link",
        "20260101T000000-" + "x" * 22,
        "x" * 5000,
        "*",
    ],
)
async def test_no_path_leads_out_of_the_folder(
    here: AsyncClient, services: Services, clock: FakeClock, trick: str
) -> None:
    await keep(services, clock)
    plant_secrets(services.settings.data_dir / "mail")
    for path in (trick, quote(trick, safe="")):
        for end in ("", "/letter"):
            response = await here.get(f"/dev/mail/{path}{end}")
            assert "a secret note" not in response.text
            assert response.status_code in (200, 404)
            assert "The email as HTML" not in response.text


def plant_secrets(folder: Path) -> None:
    for file in (folder / "notes.txt", folder.parent / "secrets"):
        file.write_text("a secret note")
    (folder / "20260101T000000-xxxxxxxxxxxxxxxxxxxxxx.eml").symlink_to(folder.parent / "secrets")


async def test_only_the_owner_can_read_the_files(services: Services, clock: FakeClock) -> None:
    letter_id = await keep(services, clock)
    folder = services.settings.data_dir / "mail"

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / f"{letter_id}.eml").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == [f"{letter_id}.eml"]


async def test_rest_does_not_speak_of_it(here: AsyncClient) -> None:
    assert "/dev/mail" not in (await here.get("/openapi.json")).text
