"""The authorisation table: every event handler, page, API call and native form has one row.

The tests list what the code really has, so anything new fails until it has a row here, and so does a row
without a counterpart in the code. Every role then tries each row against a real database; `EXPECTED` says
what each role may expect of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from reflex_base.registry import RegistrationContext

from autograph_web.audit.event_types import EventType
from autograph_web.runtime import services
from autograph_web.ui.app import build_app
from tests.support.servers.database_fingerprint import changes, events, fingerprint
from tests.support.services.factories import make_settings


class Role(StrEnum):
    """Who makes the call. No role but the owner has anything to do with the account in question."""

    ANONYMOUS = "anonymous"
    ENDED = "ended session"
    OTHER = "other user"
    ADMIN = "admin"
    OWNER = "owner"


class Outcome(StrEnum):
    """The outcome of a call."""

    ACTS = "acts"
    ELSEWHERE = "acts on the caller's own account at most, and tells nothing of the owner's"
    REFUSED = "refused: changes nothing, tells nothing"


class May(StrEnum):
    """Who is authorised."""

    EVERYBODY = "everybody"
    OWNER = "whoever is signed in, on their own account"
    ADMIN = "administrators"
    NOBODY = "nobody"


_REFUSED = dict.fromkeys(Role, Outcome.REFUSED)
EXPECTED: dict[May, dict[Role, Outcome]] = {
    May.EVERYBODY: dict.fromkeys(Role, Outcome.ACTS),
    # The administrator role gives no access to the pages of another account.
    May.OWNER: _REFUSED
    | {Role.OTHER: Outcome.ELSEWHERE, Role.ADMIN: Outcome.ELSEWHERE, Role.OWNER: Outcome.ACTS},
    May.ADMIN: _REFUSED | {Role.ADMIN: Outcome.ACTS},
    May.NOBODY: _REFUSED,
}
"""What each role may expect of a row. A row for everyone acts without the owner's secrets: even then, no
table may change except `LETTERS`."""


LETTERS = ("audit_log", "outbox", "links")
"""The tables in which anyone may cause a row about an account by merely naming it."""
_PRIVATE = ("email", "user", "ip", "key_name")
_KINDS = frozenset(kind.value for kind in EventType)


class Scene(StrEnum):
    """The state before the call."""

    PLAIN = "an account just signed in to"
    TWO_STEP = "two-step verification is on, and was shown"
    STALE = "two-step verification is on for who may, and was not shown yet"
    BUSY = "more events, and more accounts, than a page shows at once"


Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that can be called.

    `does` is the evidence that an authorised call acted: an event type, or else text in the response; it is
    empty for a call that neither writes nor discloses anything. `sends` is the payload, and `first` the calls
    that lead up to it; in them, {email}, {user}, {session}, {device}, {key} and so on are placeholders for
    the owner's values. `then` is the step requested by the page's address.
    """

    may: May
    does: str = ""
    sends: Given = field(default_factory=dict[str, Any])
    first: tuple[tuple[str, Given], ...] = ()
    then: str = ""
    scene: Scene = Scene.PLAIN


@dataclass(frozen=True, slots=True)
class Page:
    """A state class: the path of its page, a row for each of its handlers, and the query of its address."""

    path: str
    rows: Mapping[str, Row]
    query: str = ""


_WRONG = "no password of theirs"
_NEW = "basalt teapot nineteen lanterns"
_ELSEWHERE = "elsewhere@northwind.dev"
_CODE = "000000"


def _form(**fields: str) -> Given:
    return {"form": fields}


_KEY_FORM = {"name": "Another", "scope_read": "on", "expires": "90"}
_CREATE, _TICK = ("create", _form(**_KEY_FORM)), ("tick_saved", {"ticked": True})
_CHOOSE = ("choose", _form(value="off", percent="0"))  # off for every user, so that it affects no other test
_CONFIRM = _form(password=_WRONG, code=_CODE)
_STRENGTH = Row(May.EVERYBODY, "strength_rx_state_", {"password": _NEW})

# Reflex adds it to every state class; ours have no setters, so it has nothing to set.
REFLEX_STATE = {"setvar": Row(May.NOBODY, sends={"var_name": "email", "value": "x"})}
ACCOUNT_PAGE = {
    **REFLEX_STATE,
    "load": Row(May.OWNER, "{email}"),
    "recheck_session": Row(May.OWNER),
    "resend": Row(May.OWNER, "email_verification_requested"),
}
ADMIN_PAGE = {
    **REFLEX_STATE,
    "load": Row(May.ADMIN, "loaded_rx_state_ True"),
    "recheck_session": Row(May.ADMIN),
    "resend": Row(May.ADMIN, "email_verification_requested"),
}
CONFIRMING = {
    **ACCOUNT_PAGE,
    "switch_code": Row(May.EVERYBODY, "recovery_rx_state_ True"),
}
"""The handlers that the mixins of `ui/` add to the pages that use them."""

HANDLERS: dict[str, Page] = {
    "State": Page(
        "/dashboard",
        {
            **REFLEX_STATE,
            "hydrate": Row(May.EVERYBODY),
            "hydrate_and_load": Row(May.EVERYBODY),
            "set_is_hydrated": Row(May.EVERYBODY, sends={"value": True}),
        },
    ),
    "OnLoadInternalState": Page(
        "/dashboard",
        {
            **REFLEX_STATE,
            "on_load_internal": Row(May.EVERYBODY),
            "set_is_hydrated": Row(May.EVERYBODY, sends={"value": True}),
        },
    ),
    "UpdateVarsInternalState": Page(
        "/dashboard",
        {**REFLEX_STATE, "update_vars_internal": Row(May.NOBODY, sends={"vars": {}})},
    ),
    "FrontendEventExceptionState": Page(
        "/dashboard",
        {
            **REFLEX_STATE,
            "handle_frontend_exception": Row(May.EVERYBODY, sends={"info": "x", "component_stack": "y"}),
        },
    ),
    "SharedStateBaseInternal": Page("/dashboard", REFLEX_STATE),
    "HomeState": Page("/", {**REFLEX_STATE, "load": Row(May.EVERYBODY)}),
    "SignInState": Page(
        "/login",
        {
            **REFLEX_STATE,
            "load": Row(May.EVERYBODY),
            "note_email": Row(May.EVERYBODY, sends={"email": "{email}"}),
            "submit": Row(May.EVERYBODY, "login_failed", _form(email="{email}", password=_WRONG)),
            "verify": Row(May.EVERYBODY, sends=_form(code=_CODE)),
            "switch_code": Row(May.EVERYBODY, "recovery_rx_state_ True"),
            "start_over": Row(May.EVERYBODY, "focus_rx_state_ email:"),
        },
    ),
    "RegisterState": Page(
        "/register",
        {
            **REFLEX_STATE,
            "load": Row(May.EVERYBODY, "shortest_rx_state_"),
            "note_email": Row(May.EVERYBODY, sends={"email": "{email}"}),
            "assess": _STRENGTH,
            "submit": Row(May.EVERYBODY, "registration_failed", _form(email="{email}", password=_NEW)),
        },
    ),
    "ForgottenState": Page(
        "/password-reset",
        {
            **REFLEX_STATE,
            "load": Row(May.EVERYBODY),
            "ask": Row(May.EVERYBODY, "password_reset_requested", _form(email="{email}")),
        },
    ),
    "NewPasswordState": Page(
        "/password-reset/confirm",
        {
            **REFLEX_STATE,
            "load": Row(May.EVERYBODY, "opened_rx_state_ False"),
            "assess": _STRENGTH,
            "ask": Row(May.EVERYBODY, "password_reset_requested", _form(email="{email}")),
            # Without the cookie of a link, there is no account whose password could be set.
            "choose": Row(May.NOBODY, sends=_form(password=_NEW)),
        },
    ),
    "VerifyEmailState": Page(
        "/verify-email",
        {
            **REFLEX_STATE,
            "load": Row(May.EVERYBODY, "outcome_rx_state_ none"),
            "send": Row(May.EVERYBODY, "email_verification_requested", _form(email="{email}")),
        },
    ),
    "ChangeEmailState": Page(
        "/change-email", {**REFLEX_STATE, "load": Row(May.EVERYBODY, "opened_rx_state_ False")}
    ),
    "UndoEmailState": Page(
        "/undo-email-change", {**REFLEX_STATE, "load": Row(May.EVERYBODY, "opened_rx_state_ False")}
    ),
    "NotMeState": Page("/not-me", {**REFLEX_STATE, "load": Row(May.EVERYBODY, "opened_rx_state_ False")}),
    "DashboardState": Page(
        "/dashboard", {**ACCOUNT_PAGE, "sign_out_everywhere": Row(May.OWNER, "logout_all")}
    ),
    "SecurityState": Page(
        "/settings/security",
        {
            **CONFIRMING,
            "ask": Row(May.OWNER, "mfa_setup_initiated", {"intent": "turn-on"}),
            "cancel": Row(May.OWNER, "focus_rx_state_ password-card:", then="change-password"),
            "confirm": Row(
                May.OWNER,
                "login_failed",
                _CONFIRM,
                then="turn-off",
                scene=Scene.STALE,
            ),
            "assess": _STRENGTH,
            "change_password": Row(
                May.OWNER,
                "login_failed",
                _form(current_password=_WRONG, new_password=_NEW),
                then="change-password",
            ),
            "enable": Row(May.OWNER, "mfa_enable_failed", _form(code=_CODE), then="turn-on"),
            "reveal_again": Row(May.OWNER, "mfa_setup_initiated", then="turn-on"),
            "turn_off": Row(May.OWNER, "mfa_disabled", then="turn-off", scene=Scene.TWO_STEP),
            "make_codes": Row(
                May.OWNER, "recovery_codes_regenerated", then="new-codes", scene=Scene.TWO_STEP
            ),
            "tick_saved": Row(May.EVERYBODY, "saved_rx_state_ True", {"ticked": True}),
            "done": Row(
                May.OWNER,
                "Your new recovery codes are ready.",
                first=(("make_codes", {}), _TICK),
                then="new-codes",
                scene=Scene.TWO_STEP,
            ),
            "distrust": Row(
                May.OWNER, "trusted_device_revoked", {"device": "{device}"}, scene=Scene.TWO_STEP
            ),
        },
    ),
    "SessionsState": Page(
        "/settings/sessions",
        {
            **ACCOUNT_PAGE,
            "sign_out": Row(May.OWNER, "session_revoked", _form(session="{session}")),
            "sign_out_others": Row(May.OWNER, "session_revoked"),
        },
    ),
    "ApiKeysState": Page(
        "/settings/api-keys",
        {
            **CONFIRMING,
            "ask": Row(May.OWNER, "step_rx_state_ create", {"intent": "create"}),
            "cancel": Row(May.OWNER, "focus_rx_state_ new-key:", then="create"),
            "confirm": Row(
                May.OWNER,
                "login_failed",
                _form(password=_WRONG, code=_CODE),
                then="create",
                scene=Scene.STALE,
            ),
            "create": Row(May.OWNER, "api_key_created", _CREATE[1], then="create"),
            "tick_saved": Row(May.EVERYBODY, "saved_rx_state_ True", _TICK[1]),
            "done": Row(May.OWNER, "Your API key is ready.", first=(_CREATE, _TICK), then="create"),
            "discard": Row(May.OWNER, "api_key_revoked", first=(_CREATE,), then="create"),
            "ask_revoke": Row(May.OWNER, "step_rx_state_ revoke", {"key": "{key}"}),
            "revoke": Row(May.OWNER, "api_key_revoked", first=(("ask_revoke", {"key": "{key}"}),)),
        },
    ),
    "ActivityState": Page(
        "/settings/activity",
        {
            **ACCOUNT_PAGE,
            "choose": Row(May.OWNER, "group_rx_state_ sign_in", {"name": "group", "value": "sign_in"}),
            "search": Row(May.OWNER, "group_rx_state_ sign_in", _form(group="sign_in")),
            "load_more": Row(May.OWNER, "rows_rx_state_", scene=Scene.BUSY),
        },
    ),
    "AccountState": Page(
        "/settings/account",
        {
            **CONFIRMING,
            "ask": Row(May.OWNER, "step_rx_state_ delete", {"intent": "delete"}),
            "cancel": Row(May.OWNER, "focus_rx_state_ delete:", then="delete"),
            "confirm": Row(
                May.OWNER,
                "login_failed",
                _form(password=_WRONG, code=_CODE),
                then="delete",
                scene=Scene.STALE,
            ),
            "change_email": Row(
                May.OWNER, "email_change_requested", _form(email=_ELSEWHERE), then="change-email"
            ),
            "delete": Row(May.OWNER, "account_deleted", _form(confirm_email="{email}"), then="delete"),
        },
    ),
    "OverviewState": Page(
        "/admin",
        {**ADMIN_PAGE, "choose": Row(May.ADMIN, "span_rx_state_ 7", {"days": 7})},
    ),
    "FlagsState": Page(
        "/admin/flags",
        {
            **ADMIN_PAGE,
            "switch_code": CONFIRMING["switch_code"],
            "ask": Row(May.ADMIN, "step_rx_state_ trusted_devices", {"intent": "trusted_devices"}),
            "cancel": Row(May.ADMIN, "focus_rx_state_ flags:", then="trusted_devices"),
            "confirm": Row(
                May.ADMIN,
                "login_failed",
                _form(password=_WRONG, code=_CODE),
                then="trusted_devices",
                scene=Scene.STALE,
            ),
            "choose": Row(May.ADMIN, "step_rx_state_ review", _CHOOSE[1], then="trusted_devices"),
            "switch": Row(May.ADMIN, "flag_changed", first=(_CHOOSE,), then="trusted_devices"),
        },
    ),
    "UsersState": Page(
        "/admin/users",
        {
            **ADMIN_PAGE,
            "choose": Row(May.ADMIN, "role_rx_state_ admin", {"name": "role", "value": "admin"}),
            "search": Row(May.ADMIN, "Showing one account.", _form(part="{email}")),
            "load_more": Row(May.ADMIN, "rows_rx_state_", scene=Scene.BUSY),
        },
    ),
    "AuditState": Page(
        "/admin/audit",
        {
            **ADMIN_PAGE,
            "choose": Row(May.ADMIN, "group_rx_state_ sign_in", {"name": "group", "value": "sign_in"}),
            "search": Row(May.ADMIN, "person_rx_state_ {email}", _form(person="{email}")),
            "load_more": Row(May.ADMIN, "rows_rx_state_", scene=Scene.BUSY),
        },
    ),
    "PersonState": Page(
        "/admin/users/person",
        {
            **ADMIN_PAGE,
            "switch_code": CONFIRMING["switch_code"],
            "ask": Row(May.ADMIN, "step_rx_state_ lock", {"intent": "lock"}),
            "cancel": Row(May.ADMIN, "focus_rx_state_ person:", then="lock"),
            "confirm": Row(May.ADMIN, "login_failed", _CONFIRM, then="lock", scene=Scene.STALE),
            "carry_out": Row(May.ADMIN, "account_locked", then="lock"),
        },
        query="id={user}",
    ),
    "NewUserState": Page(
        "/admin/users/new",
        {
            **ADMIN_PAGE,
            "switch_code": CONFIRMING["switch_code"],
            # Its only step begins with the page, and a link leads back.
            "ask": Row(May.NOBODY, sends={"intent": "create"}),
            "cancel": Row(May.NOBODY),
            "confirm": Row(May.ADMIN, "login_failed", _CONFIRM, scene=Scene.STALE),
            "create": Row(
                May.ADMIN,
                "account_created_by_admin",
                _form(email="another.{email}", role="user", password=""),
            ),
        },
    ),
}
"""The handlers of the pages, by the names of state class and handler."""
HANDLER_ROWS = {f"{state}.{name}": row for state, page in HANDLERS.items() for name, row in page.rows.items()}

CALLS: dict[str, Row] = {
    "POST /register": Row(May.EVERYBODY, "registration_failed", {"email": "{email}", "password": _NEW}),
    "POST /login": Row(May.EVERYBODY, "login_failed", {"email": "{email}", "password": _WRONG}),
    "POST /token": Row(
        May.EVERYBODY,
        "login_failed",
        {"grant_type": "password", "username": "{email}", "password": _WRONG},
    ),
    "POST /refresh": Row(May.EVERYBODY, sends={"refresh_token": "{link}"}),
    "POST /password-reset/request": Row(May.EVERYBODY, "password_reset_requested", {"email": "{email}"}),
    "POST /password-reset/confirm": Row(May.EVERYBODY, sends={"token": "{link}", "new_password": _NEW}),
    "POST /email-verification/confirm": Row(May.EVERYBODY, sends={"token": "{link}"}),
    "POST /email-change/confirm": Row(May.EVERYBODY, sends={"token": "{link}"}),
    "POST /email-change/undo": Row(May.EVERYBODY, sends={"token": "{link}"}),
    "POST /mfa/verify": Row(May.EVERYBODY, sends={"email": "{email}", "code": _CODE}),
    "GET /health/live": Row(May.EVERYBODY, "ok"),
    "GET /health/ready": Row(May.EVERYBODY, "ok"),
    "GET /metrics": Row(May.NOBODY),  # no account gives access: see http/operator_access.py
    "GET /docs": Row(May.EVERYBODY, "openapi.json"),
    "GET /openapi.json": Row(May.EVERYBODY, "/password-change"),
    "GET /me": Row(May.OWNER, "{email}"),
    "GET /activity": Row(May.OWNER, "{ip}"),
    "GET /activity/export": Row(May.OWNER, "{ip}"),
    "GET /account/export": Row(May.OWNER, "data_exported"),
    "DELETE /account": Row(May.OWNER, "account_deleted", {"confirm_email": "{email}"}),
    "POST /logout": Row(May.OWNER, "logout"),
    "POST /logout-all": Row(May.OWNER, "logout_all"),
    "POST /password-change": Row(
        May.OWNER, "login_failed", {"current_password": _WRONG, "new_password": _NEW}
    ),
    "POST /email-verification/request": Row(May.OWNER, "email_verification_requested"),
    "POST /email-change/request": Row(May.OWNER, "email_change_requested", {"email": _ELSEWHERE}),
    "POST /mfa/setup": Row(May.OWNER, "mfa_setup_initiated"),
    "POST /mfa/enable": Row(
        May.OWNER, "mfa_enable_failed", {"code": _CODE}, first=(("POST /mfa/setup", {}),)
    ),
    "POST /mfa/disable": Row(May.OWNER, "mfa_disabled", scene=Scene.TWO_STEP),
    "POST /mfa/recovery-codes": Row(May.OWNER, "recovery_codes_regenerated", scene=Scene.TWO_STEP),
    "GET /mfa/trusted-devices": Row(May.OWNER, "{device}", scene=Scene.TWO_STEP),
    "DELETE /mfa/trusted-devices/{device_id}": Row(May.OWNER, "trusted_device_revoked", scene=Scene.TWO_STEP),
    "GET /sessions": Row(May.OWNER, "{session}"),
    "DELETE /sessions": Row(May.OWNER, "session_revoked"),
    "DELETE /sessions/{session_id}": Row(May.OWNER, "session_revoked"),
    "GET /admin/statistics": Row(May.ADMIN, "with_mfa"),
    "GET /admin/flags": Row(May.ADMIN, "trusted_devices"),
    "PUT /admin/flags/{name}": Row(May.ADMIN, "flag_changed", {"value": "off", "percent": 0}),
    "GET /api-keys": Row(May.OWNER, "{key_name}"),
    "POST /api-keys": Row(May.OWNER, "api_key_created", {"name": "Another", "scopes": ["read"]}),
    "DELETE /api-keys/{key_id}": Row(May.OWNER, "api_key_revoked"),
    "GET /admin/users": Row(May.ADMIN, "{email}"),
    "POST /admin/users": Row(May.ADMIN, "account_created_by_admin", {"email": "another.{email}"}),
    "GET /admin/users/{user_id}": Row(May.ADMIN, "{email}"),
    "POST /admin/users/{user_id}/lock": Row(May.ADMIN, "account_locked"),
    "POST /admin/users/{user_id}/unlock": Row(
        May.ADMIN, "account_unlocked", first=(("POST /admin/users/{user_id}/lock", {}),)
    ),
    "POST /admin/users/{user_id}/role": Row(May.ADMIN, "role_changed", {"role": "admin"}),
    "DELETE /admin/users/{user_id}/sessions": Row(May.ADMIN, "sessions_ended_by_admin"),
    "POST /admin/users/{user_id}/mfa/reset": Row(May.ADMIN, "mfa_reset_by_admin", scene=Scene.TWO_STEP),
    "POST /admin/users/{user_id}/limits/lift": Row(May.ADMIN, "limits_lifted"),
    "POST /admin/addresses/unlock": Row(May.ADMIN, "limits_lifted", {"address": "198.51.100.9"}),
    "GET /admin/audit": Row(May.ADMIN, "{email}"),
    "GET /admin/audit/export": Row(May.ADMIN, "data_exported"),
}
"""REST, by method and path."""

FORMS: dict[str, Row] = {
    "POST /session/sign-in": Row(May.EVERYBODY, "login_failed", {"email": "{email}", "password": _WRONG}),
    "POST /session/register": Row(
        May.EVERYBODY, "registration_failed", {"email": "{email}", "password": _NEW}
    ),
    "POST /session/verify": Row(May.EVERYBODY, sends={"code": _CODE}),
    "POST /session/start-over": Row(May.EVERYBODY),
    "POST /session/claim": Row(May.EVERYBODY, sends={"ticket": "{link}"}),
    "POST /session/end": Row(May.EVERYBODY, "logout"),
    "POST /session/reveal": Row(May.OWNER, "{secret}", {"ticket": "{note}"}),
    "POST /session/create-api-key": Row(May.OWNER, "api_key_created", _KEY_FORM),
    "POST /session/revoke-api-key": Row(May.OWNER, "api_key_revoked", {"key": "{key}"}),
    "POST /session/password-change": Row(
        May.OWNER, "login_failed", {"current_password": _WRONG, "new_password": _NEW}
    ),
    "POST /session/delete-account": Row(May.OWNER, "account_deleted", {"confirm_email": "{email}"}),
    "POST /session/sign-out-device": Row(May.OWNER, "session_revoked", {"session": "{session}"}),
    "POST /session/sign-out-others": Row(May.OWNER, "session_revoked"),
    "POST /session/verify-email": Row(May.EVERYBODY),
    "POST /session/verify-email/send": Row(
        May.EVERYBODY, "email_verification_requested", {"email": "{email}"}
    ),
    "POST /session/change-email": Row(May.OWNER, "email_change_requested", {"email": _ELSEWHERE}),
    "POST /session/change-email/confirm": Row(May.EVERYBODY),
    "POST /session/change-email/undo": Row(May.EVERYBODY),
    "POST /link/exchange": Row(May.EVERYBODY, sends={"purpose": "password_reset", "token": "{link}"}),
    "POST /link/close": Row(May.EVERYBODY, sends={"purpose": "password_reset"}),
    "POST /recovery/request": Row(May.EVERYBODY, "password_reset_requested", {"email": "{email}"}),
    "POST /recovery/password": Row(May.EVERYBODY, sends={"password": _NEW}),
    "POST /recovery/refuse": Row(May.EVERYBODY),
    # Kept emails: for development on the same machine, and for tests/api/http/test_dev_mail.py.
    "GET /dev/mail": Row(May.NOBODY),
    "GET /dev/mail/{letter_id}": Row(May.NOBODY),
    "GET /dev/mail/{letter_id}/letter": Row(May.NOBODY),
}
"""What is served next to REST: the native forms (a form of a link is authorised by the cookie of that link
alone)."""

REFLEX_PATHS: dict[str, May] = {
    "/ping": May.NOBODY,
    "/_health": May.NOBODY,
    "/_event": May.EVERYBODY,  # the websocket: its handlers are above
}
"""What Reflex serves next to the pages."""

PAGES: dict[str, May] = {
    "/": May.EVERYBODY,
    "/register": May.EVERYBODY,
    "/login": May.EVERYBODY,
    "/password-reset": May.EVERYBODY,
    "/password-reset/confirm": May.EVERYBODY,
    "/verify-email": May.EVERYBODY,
    "/change-email": May.EVERYBODY,
    "/undo-email-change": May.EVERYBODY,
    "/not-me": May.EVERYBODY,
    "/error": May.EVERYBODY,
    "/404": May.EVERYBODY,
    "/dashboard": May.OWNER,
    "/settings/security": May.OWNER,
    "/settings/sessions": May.OWNER,
    "/settings/api-keys": May.OWNER,
    "/settings/activity": May.OWNER,
    "/settings/account": May.OWNER,
    "/admin": May.ADMIN,
    "/admin/flags": May.ADMIN,
    "/admin/users": May.ADMIN,
    "/admin/users/new": May.ADMIN,
    "/admin/users/person": May.ADMIN,
    "/admin/audit": May.ADMIN,
    "/forbidden": May.EVERYBODY,
}
"""Who may load each page."""


@cache
def reflex_app() -> Any:
    """Return the app with every page; Reflex accepts only one per process."""
    return build_app(make_settings(Path("unused")), services)


@cache
def handlers() -> dict[str, str]:
    """Return the full names of the handlers that a page can call, by the names of class and handler."""
    reflex_app()
    registered = RegistrationContext.get().event_handlers
    found = {f"{one.states[0].__name__}.{name.rpartition('.')[2]}": name for name, one in registered.items()}
    assert len(found) == len(registered), "two state classes have one name"
    return found


def check_rows(table: str, rows: Iterable[str], found: Iterable[str], example: str) -> None:
    """Require that `rows` matches the code exactly, and say what to add or remove."""
    missing, stale = sorted(set(found) - set(rows)), sorted(set(rows) - set(found))
    said = [
        f"{name} has no row: say in {table} of tests/support/product/authorisation.py who may, such as\n"
        f"    {example}"
        for name in missing
    ]
    said += [f"{name} is nowhere in the code: take its row out of {table}" for name in stale]
    assert not said, "\n".join(said)


def filled(given: Any, owned: Mapping[str, str]) -> Any:
    """Return `given` with the placeholders replaced by the owner's values."""
    if isinstance(given, str):
        return given.format_map(owned) if "{" in given else given
    if isinstance(given, Mapping):
        return {name: filled(value, owned) for name, value in given.items()}  # pyright: ignore[reportUnknownVariableType]
    return given


class Watch:
    """Watches a database during one call by one role, and checks that the effect is what the table allows."""

    def __init__(self, database: Path) -> None:
        self._database, self._events, self._before = database, events(database), fingerprint(database)

    def judge(
        self,
        row: Row,
        role: Role,
        owned: Mapping[str, str],
        *,
        caller_id: str,
        heard: str,
        shows: bool,
        address: str = "",
    ) -> None:
        """Require what `EXPECTED` says of `row` for `role`, given its account and what it received.

        `shows` is whether this call is the one in which the evidence of `row.does` appears; `heard` is what
        the caller received. What the caller itself sent, in the payload or in the query of the page's address
        (`address`), may appear in it.
        """
        if shows:
            does = filled(row.does, owned)
            assert does in (self._kinds() if does in _KINDS else heard), f"nothing shows of {does!r}"
        elif role is not Role.OWNER:
            said = str([row.sends, *row.first, address])
            private = [owned[name] for name in _PRIVATE if f"{{{name}}}" not in said]
            # Compared whole: the owner's 198.18.2.1 is a prefix of another client's 198.18.2.12.
            leaked = [word for word in private if re.search(rf"{re.escape(word)}(?!\d)", heard)]
            assert not leaked, f"told somebody else {leaked}"
        outcome, after = EXPECTED[row.may][role], fingerprint(self._database)
        changed: list[tuple[str, ...]] = []
        if outcome is Outcome.REFUSED:
            changed = changes(self._before, after)
        elif outcome is Outcome.ELSEWHERE:
            changed = changes(self._before, after, but_of=caller_id, but_in=["outbox"])
        elif row.may is May.EVERYBODY and role is not Role.OWNER:
            changed = changes(self._before, after, but_of=caller_id, but_in=LETTERS)
        assert not changed, f"changed {changed}"

    def _kinds(self) -> set[str]:
        return {kind for one, kind in events(self._database).items() if one not in self._events}


def in_turn(may: May) -> list[Role]:
    """Return the roles in the order in which they try: the authorised ones last."""
    return sorted(Role, key=lambda role: EXPECTED[may][role] is Outcome.ACTS)
