"""Renders an email as an RFC 5322 message of plain text and self-contained HTML (no remote content)."""

from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from textwrap import fill

from autograph_web.infra.mail_addresses import sender_address, wire_address
from autograph_web.mail.message import Action, MailMessage
from autograph_web.mail.transport import Envelope

_PRODUCT = "AutoGraph"
_FOOTER = "This is an automated message. Replies aren't monitored."


def as_message(parcel: Envelope, sender: str) -> EmailMessage:
    """Return `parcel` as a message from `sender`; the result is deterministic.

    Raises:
        ValueError: The address or the subject contains a line break (header injection).
    """
    letter = parcel.letter
    message = EmailMessage(SMTPUTF8)
    message["From"], message["To"] = sender_address(sender), wire_address(letter.to)
    message["Subject"] = letter.subject
    message["Date"], message["Message-ID"] = format_datetime(parcel.written_at), parcel.message_id
    if letter.thread:  # RFC 5322 section 3.6.4: mail clients group messages that refer to the same one
        message["In-Reply-To"] = message["References"] = _thread_id(letter, parcel.message_id)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: suppresses automatic replies (out of office)
    message["X-Auto-Response-Suppress"] = "All"  # the equivalent for Microsoft Exchange
    # Not quoted-printable, which would break URLs when the raw message is read.
    message.set_content(as_text(letter), cte="8bit")
    message.add_alternative(as_html(letter), subtype="html", cte="quoted-printable")
    message["Content-Language"] = "en"
    # Deterministic instead of random: a retried email is identical byte for byte.
    message.set_boundary(f"=_{parcel.message_id.strip('<>').partition('@')[0]}")
    return message


def as_text(letter: MailMessage) -> str:
    """Return an email as plain text, with each URL on its own line."""
    action = [f"{letter.action.label}:\n{letter.action.url}"] if letter.action else []
    facts = ["\n".join(f"{name}: {value}" for name, value in letter.facts)] if letter.facts else []
    paragraphs, closing = map(_wrapped, letter.paragraphs), map(_wrapped, letter.closing)
    return "\n\n".join([*paragraphs, *action, *facts, *closing, f"-- \n{_PRODUCT}\n{_FOOTER}"]) + "\n"


def as_html(letter: MailMessage) -> str:
    """Return an email as an HTML document; all content is escaped."""
    content = "".join(
        (
            *map(_paragraph, letter.paragraphs),
            _action(letter.action) if letter.action else "",
            _facts(letter.facts) if letter.facts else "",
            *map(_paragraph, letter.closing),
        )
    )
    return _DOCUMENT.format(
        subject=escape(letter.subject),
        content=content,
        product=_PRODUCT,
        footer=_FOOTER,
        style=_STYLE,
        frame=_FRAME,
        card=_CARD,
        heading=_HEADING,
    )


def _thread_id(letter: MailMessage, message_id: str) -> str:
    """Return the Message-ID of a fictitious message to which all emails of a thread refer."""
    name = sha256(f"{letter.thread}\n{letter.to}".encode("utf-8", "replace")).hexdigest()[:32]
    return f"<{name}@{message_id.rpartition('@')[2].rstrip('>')}>"


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, 76, break_long_words=False, break_on_hyphens=False)


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 16px">{escape(text)}</p>'


def _action(action: Action) -> str:
    url = escape(action.url)
    return (
        f'<p style="margin:24px 0 16px"><a class="button" href="{url}" target="_blank" rel="noopener" '
        f'style="{_BUTTON}">{escape(action.label)}</a></p>'
        '<p class="quiet" style="margin:0 0 24px;font-size:14px;line-height:20px;color:#545a66">'
        f'Or copy and paste this link:<br><a class="link" href="{url}" target="_blank" rel="noopener" '
        f'style="color:#2a46c6;word-break:break-all">{url}</a></p>'
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr><th scope="row" class="quiet" style="{_NAME}">{escape(name)}</th>'
        f'<td style="padding:4px 0;overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return f'<table class="facts" style="{_FACTS}">{rows}</table>'


# Mail clients apply the style attributes; those that support `prefers-color-scheme` also use the style sheet.
_BUTTON = (
    "display:inline-block;padding:12px 24px;border-radius:10px;background:#2a46c6;color:#ffffff;"
    "font-weight:600;line-height:22px;text-decoration:none"
)
_FRAME = (
    "max-width:560px;border-collapse:separate;border-spacing:0;text-align:left;font:400 16px/24px "
    "'Hanken Grotesk',-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
)
_CARD = "padding:32px;background-color:#ffffff;border:1px solid #e2e2da;border-radius:16px"
_HEADING = "margin:0 0 16px;font-size:24px;line-height:30px;font-weight:700;letter-spacing:-.01em"
_NAME = "width:56px;padding:4px 16px 4px 0;text-align:left;vertical-align:top;font-weight:400;color:#545a66"
_FACTS = (
    "width:100%;border-collapse:separate;border-spacing:0;margin:0 0 24px;padding:12px 16px;"
    "background-color:#f2f2ec;border-radius:10px;font-size:14px;line-height:20px"
)
_STYLE = """
:root { color-scheme: light dark; }
.paper { background-image: radial-gradient(#d3d3c8 1px, transparent 1px); background-size: 22px 22px; }
@media (prefers-color-scheme: dark) {
  .paper { background-color: #0f1115 !important; color: #eceef2 !important;
    background-image: radial-gradient(#2b303b 1px, transparent 1px); }
  .card { background-color: #16191f !important; border-color: #2a2f39 !important; color: #eceef2 !important; }
  .brand { color: #eceef2 !important; }
  .quiet { color: #a7adb9 !important; }
  .link { color: #93a7ff !important; }
  .button { background-color: #93a7ff !important; color: #0c1230 !important; }
  .facts { background-color: #1c2028 !important; }
}
@media (max-width: 480px) { .card { padding: 24px 20px !important; } }
"""
_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
<style>{style}</style>
</head>
<body class="paper" style="margin:0;padding:0;background-color:#fafaf6;color:#15181f">
<table role="presentation" width="100%" style="border-collapse:collapse"><tr>
<td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" style="{frame}">
<tr><td class="brand" style="padding:0 4px 16px;font-weight:700;color:#15181f">{product}</td></tr>
<tr><td class="card" style="{card}">
<h1 style="{heading}">{subject}</h1>
{content}
</td></tr>
<tr><td class="quiet" style="padding:16px 4px 0;font-size:13px;line-height:20px;color:#545a66">
{footer}
</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""
