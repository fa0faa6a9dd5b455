"""The browser does not truncate fields whose content must be complete, and excess length is reported."""

import pytest

from autograph_web.accounts.errors import PasswordTooLong
from autograph_web.accounts.links import Purpose
from autograph_web.infra.errors import InvalidInput
from autograph_web.ui.components.forms import address_field, app_code_field, email_field, password_field
from autograph_web.ui.components.links import paste_link
from autograph_web.ui.form_state import text_fields
from autograph_web.ui.security.state import SecurityState
from autograph_web.ui.sign_in.state import SignInState


@pytest.mark.parametrize(
    "field",
    [
        email_field(SignInState),
        address_field(SecurityState, "new_email", "New email", "email"),
        password_field(SignInState, "current-password"),
        app_code_field(SignInState),
        paste_link(Purpose.PASSWORD_RESET, "pasted-link"),
    ],
    ids=("email", "address", "password", "code", "link"),
)
def test_a_field_for_what_must_be_whole_has_no_longest(field: object) -> None:
    assert "input" in str(field)
    assert "maxlength" not in str(field).lower()


@pytest.mark.parametrize("name", ["password", "new_password", "current_password"])
def test_a_password_that_is_far_too_long_is_said_to_be(name: str) -> None:
    with pytest.raises(PasswordTooLong) as refused:
        text_fields({name: "x" * 5000}, name)
    assert refused.value.field == name


@pytest.mark.parametrize("form", [None, {"email": "x" * 5000}, {"password": 1}])
def test_what_is_no_form_is_refused_as_before(form: object) -> None:
    with pytest.raises(InvalidInput):
        text_fields(form, "email", "password")
