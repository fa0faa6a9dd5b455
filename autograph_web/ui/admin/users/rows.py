"""An account as it is listed."""

from dataclasses import dataclass

from autograph_web.admin.person import Person, Role, Status
from autograph_web.ui.viewer import in_words, iso


@dataclass
class PersonRow:
    """One account; a moment is ISO 8601 (`…_at`, empty for none) and the same in words, in UTC."""

    key: str
    email: str
    administrator: bool
    locked: bool
    two_step: bool
    made_at: str
    made_when: str
    seen_at: str
    seen_when: str


def person_row(person: Person) -> PersonRow:
    """Return `person` as a line of the list."""
    seen = person.last_sign_in_at
    return PersonRow(
        key=str(person.id),
        email=person.email,
        administrator=person.role == Role.ADMIN,
        locked=person.status == Status.LOCKED,
        two_step=person.mfa_enabled,
        made_at=iso(person.created_at),
        made_when=in_words(person.created_at),
        seen_at=iso(seen) if seen else "",
        seen_when=in_words(seen) if seen else "",
    )
