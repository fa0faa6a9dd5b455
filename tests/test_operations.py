"""The authorisation table has a row for everything that can be called, and for nothing else."""

from typing import Any, cast

from fastapi import FastAPI
from starlette.routing import Route

from autograph_web.authz.operations import FORMS as FORM_OPERATIONS
from autograph_web.authz.operations import PAGES as PAGE_OPERATIONS
from autograph_web.authz.operations import REST, Operation, Who
from autograph_web.front import build_front
from autograph_web.ui.routes import ROUTES
from tests.support.product.authorisation import (
    CALLS,
    FORMS,
    HANDLER_ROWS,
    PAGES,
    REFLEX_PATHS,
    May,
    check_rows,
    handlers,
    reflex_app,
)
from tests.support.services.app import inner_app

_ROW = 'Row(May.OWNER, "the kind of event that shows that it acted, else words it tells")'


def calls_of(app: Any) -> list[str]:
    """Return every call that the HTTP application handles before the pages, by method and path."""
    while not isinstance(app, FastAPI):  # its layers
        app = next(inner for inner in cast("dict[str, Any]", vars(app)).values() if callable(inner))
    routes = [route for route in app.routes if isinstance(route, Route)]
    mounts = [route for route in app.routes if not isinstance(route, Route)]
    assert [getattr(mount, "path", None) for mount in mounts] == [""], "something else is mounted"
    return [
        f"{method} {route.path}"
        for route in routes
        for method in route.methods or ("GET",)
        if method != "HEAD"
    ]


def test_every_handler_has_a_row() -> None:
    check_rows("HANDLERS", HANDLER_ROWS, handlers(), f'"the_handler": {_ROW}')


def test_every_call_and_every_form_has_a_row() -> None:
    found = calls_of(build_front(inner_app, {}))
    check_rows("CALLS or FORMS", CALLS | FORMS, found, f'"POST /the/path": {_ROW}')


def test_every_page_has_a_row() -> None:
    check_rows("PAGES", PAGES, [route.path for route in ROUTES], '"/the/path": May.OWNER')


def test_whatever_reflex_serves_has_a_row() -> None:
    found = [route.path for route in reflex_app()._api.routes]
    check_rows("REFLEX_PATHS", REFLEX_PATHS, found, '"/the/path": May.EVERYBODY')


def agrees(may: May, operation: Operation) -> bool:
    return (may is May.EVERYBODY, may is May.ADMIN) == (
        operation.who is Who.PUBLIC,
        operation.who is Who.ADMIN,
    )


def test_the_table_of_operations_says_the_same_of_rest() -> None:
    for call, operation in REST.items():
        if CALLS[call].may is not May.NOBODY:  # no account gives access: it has access control of its own
            assert agrees(CALLS[call].may, operation), call


def test_it_says_the_same_of_every_form_and_page() -> None:
    assert set(FORM_OPERATIONS) == {form for form, row in FORMS.items() if row.may is not May.NOBODY}
    assert set(PAGE_OPERATIONS) == set(PAGES)
    for form, operation in FORM_OPERATIONS.items():
        assert agrees(FORMS[form].may, operation), form
    for page, operation in PAGE_OPERATIONS.items():
        assert agrees(PAGES[page], operation), page
