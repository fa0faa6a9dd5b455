"""The appearance of emails: identical each time, escaped, complete without images, without remote content."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.infra.context import RequestContext
from autograph_web.infra.mail_addresses import UnusableAddress, sender_address, wire_address
from autograph_web.mail.message import Action, MailMessage, circumstances
from autograph_web.mail.rendering import as_html, as_message, as_text
from autograph_web.mail.transport import Envelope

LINK = "https://accounts.northwind.dev/password-reset/confirm?a=1&b=2#token=" + "abc" * 30
SENDER = "AutoGraph v3 <no-reply@northwind.dev>"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTER = MailMessage(
    to="mina@northwind.dev",
    subject="Choose a new password",
    paragraphs=("Somebody asked for a new password of your account. " * 3,),
    action=Action("Choose it", LINK),
    facts=(("Where", "192.0.2.5"),),
    closing=("If it wasn't you, do nothing.",),
)
HOSTILE = "<script>alert(1)</script><img src=//evil.example/x onerror=a>'\"&"


class Tags(HTMLParser):
    """Collects the tags and attributes of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def parcel(letter: MailMessage = LETTER) -> Envelope:
    return Envelope(letter, "<abcdefghijklmnopqrstuv@northwind.dev>", NOW)


def test_text_keeps_addresses_in_one_piece() -> None:
    lines = as_text(LETTER).splitlines()

    assert LINK in lines
    assert "Where: 192.0.2.5" in lines
    assert all(len(line) <= 76 for line in lines if line != LINK)


def test_html_asks_for_one_thing_and_says_where_it_leads() -> None:
    links = [attributes for tag, attributes in Tags(as_html(LETTER)).found if tag == "a"]

    assert [link["href"] for link in links] == [LINK, LINK]
    assert links[0]["class"] == "button"
    assert ">https://accounts.northwind.dev/" in as_html(LETTER)


def test_html_needs_nothing_from_elsewhere() -> None:
    html = as_html(LETTER)

    tags = {tag for tag, _ in Tags(html).found}
    assert tags.isdisjoint({"img", "script", "link", "iframe", "form", "object", "svg", "video", "base"})
    assert re.findall(r"url\(|@import|src=", html) == []
    assert set(re.findall(r"https?://[^/\"<]+", html)) == {"https://accounts.northwind.dev"}
    assert '<html lang="en">' in html


def test_whatever_a_letter_says_is_escaped() -> None:
    hostile = MailMessage(
        LETTER.to, HOSTILE, (HOSTILE,), Action(HOSTILE, HOSTILE), ((HOSTILE, HOSTILE),), (HOSTILE,)
    )
    plain, got = Tags(as_html(LETTER)).found, Tags(as_html(hostile)).found

    assert [(tag, sorted(attributes)) for tag, attributes in got] == [
        (tag, sorted(attributes)) for tag, attributes in plain
    ]


def test_letters_of_one_thread_refer_to_one_message_that_is_none_of_them() -> None:
    thread = replace(LETTER, thread="password reset")
    one = as_message(Envelope(thread, "<a@northwind.dev>", NOW), SENDER)
    other = as_message(Envelope(replace(thread, subject="Again"), "<b@northwind.dev>", NOW), SENDER)
    assert one["References"] == one["In-Reply-To"] == other["References"] == other["In-Reply-To"]
    assert re.fullmatch(r"<[0-9a-f]{32}@northwind\.dev>", one["References"])
    elsewhere = as_message(parcel(replace(thread, to="theo@northwind.dev")), SENDER)
    assert elsewhere["References"] != one["References"]
    assert as_message(parcel(), SENDER)["References"] is None


def test_the_same_parcel_is_the_same_message_each_time() -> None:
    assert as_message(parcel(), SENDER).as_bytes() == as_message(parcel(), SENDER).as_bytes()


def test_a_message_survives_a_server_of_seven_bits() -> None:
    letter = MailMessage("mina@northwind.dev", "Grüße", ("Ein Brief – für dich.",))
    raw = as_message(parcel(letter), SENDER).as_bytes(policy=policy.SMTP.clone(cte_type="7bit"))
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)

    assert raw.isascii()
    assert message["Subject"] == "Grüße"
    body = message.get_body(("plain",))
    assert body is not None
    assert "Ein Brief – für dich." in body.get_content()


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_or_subject_adds_a_header(to: str, subject: str) -> None:
    expected = {name.lower() for name in as_message(parcel(), SENDER)}
    try:
        raw = as_message(parcel(MailMessage(to, subject, ("Hello.",))), SENDER).as_bytes()
    except ValueError:
        return
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    assert {name.lower() for name in message} == expected
    assert len(message["To"].addresses) == 1


@given(st.text(max_size=80))
def test_an_address_is_one_address_or_none(text: str) -> None:
    try:
        spec = wire_address(text).addr_spec
    except UnusableAddress:
        return
    assert spec.count("@") == 1
    assert re.search(r"[\s<>,;]", spec) is None


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("mina@bücher.example", "mina@xn--bcher-kva.example"),
        ("MINA+x@Northwind.dev", "MINA+x@Northwind.dev"),
        ("miña@northwind.dev", "miña@northwind.dev"),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    ],
)
def test_domains_go_over_the_wire_in_ascii(text: str, spec: str) -> None:
    assert wire_address(text).addr_spec == spec


@pytest.mark.parametrize(
    "text", ["", "AutoGraph", "a@", "@b.de", "a@b.de, c@d.de", "a@b.de\nBcc: c@d.de", "A <a@b.de> <c@d.de>"]
)
def test_a_sender_is_one_mailbox(text: str) -> None:
    with pytest.raises(UnusableAddress):
        sender_address(text)


def test_a_stranger_cannot_write_in_a_letter() -> None:
    agent = "Your account is locked! Call 0123 or visit http://evil.example Firefox/140.0"
    facts = circumstances(RequestContext("192.0.2.5", agent, ""), NOW)

    assert facts == (
        ("Time", "March 1, 2026, 12:00 UTC"),
        ("IP address", "192.0.2.5"),
        ("Device", "Firefox 140"),
    )
