"""How a letter looks, as an RFC 5322 message."""

from email.message import EmailMessage
from email.utils import format_datetime

from autograph_web.mail.carrier import Parcel
from autograph_web.mail.letter import Letter


def as_message(parcel: Parcel, sender: str) -> EmailMessage:
    """Return `parcel` as a message from `sender`."""
    message, letter = EmailMessage(), parcel.letter
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = format_datetime(parcel.written_at), parcel.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is away from a machine
    message.set_content(as_text(letter))
    return message


def as_text(letter: Letter) -> str:
    """Return a letter as plain text."""
    action = [f"{letter.action.label}:\n{letter.action.url}"] if letter.action else []
    facts = ["\n".join(f"{name}: {value}" for name, value in letter.facts)] if letter.facts else []
    return "\n\n".join([*letter.paragraphs, *action, *facts, *letter.closing]) + "\n"
