"""The page of feature flags."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.ui.account_frame import skeleton
from autograph_web.ui.admin.flags.rows import ChoiceRow, FlagRow
from autograph_web.ui.admin.flags.state import REVIEW, FlagsState
from autograph_web.ui.admin.frame import admin_frame
from autograph_web.ui.components.cards import card, time_of
from autograph_web.ui.components.connection import browser_commands
from autograph_web.ui.components.forms import claim_form, form_messages, submit_button, text_field
from autograph_web.ui.components.native import named
from autograph_web.ui.components.steps import confirm_step, step_buttons, step_form, step_title
from autograph_web.ui.routes import ADMIN_FLAGS
from autograph_web.ui.step_up import CONFIRM


def flags_page() -> rx.Component:
    """Return the page of feature flags; while one is being changed it shows only that step."""
    return admin_frame(
        FlagsState,
        ADMIN_FLAGS,
        "Change these without a restart. Every change is recorded in the audit log.",
        rx.fragment(form_messages(FlagsState), _cards()),
        skeleton("card-activity"),
        claim_form(FlagsState),
        browser_commands(FlagsState.leave, FlagsState.focus),
        load=FlagsState.load,
    )


def _cards() -> rx.Component:
    return rx.el.div(
        rx.cond(FlagsState.step == "", _list(), card("switch", f"Change flag: {FlagsState.label}", _step())),
        class_name="cards",
        data_step=FlagsState.step,
        custom_attrs=named("flags-cards"),
    )


def _list() -> rx.Component:
    return card("flags", "Flags", rx.el.ul(rx.foreach(FlagsState.rows, _row), class_name="events"))


def _row(row: FlagRow) -> rx.Component:
    badge = rx.cond(
        row.switched,
        rx.el.span(row.says, class_name="badge badge-warn"),
        rx.el.span(row.says, class_name="badge badge-plain"),
    )
    switched = rx.el.p(
        "Changed by ", row.by, ", ", time_of(row.at, row.when), ". ", row.others, class_name="event-where"
    )
    return rx.el.li(
        rx.el.div(
            rx.el.p(row.label, badge, class_name="event-label"),
            rx.el.p(row.meaning, class_name="event-where"),
            rx.cond(row.switched, switched, rx.el.p("Server default.", class_name="event-where")),
            class_name="event-what",
        ),
        rx.el.button(
            "Change",
            rx.el.span(f" {row.label}", class_name="sr-only"),
            type="button",
            class_name="button button-small",
            on_click=FlagsState.ask(row.key),
        ),
        key=row.key,
        data_flag=row.key,
        class_name="event flag",
    )


def _step() -> rx.Component:
    return rx.el.div(
        rx.match(
            FlagsState.step,
            (CONFIRM, confirm_step(FlagsState, "This affects everyone on this server.")),
            (REVIEW, _review()),
            _choose(),
        ),
        class_name="step",
    )


def _choose() -> rx.Component:
    share = text_field(
        FlagsState,
        "percent",
        "Percentage of accounts",
        "4",
        "The same accounts stay included as you raise the percentage. 100 means everyone.",
        default_value=FlagsState.percent,
    )
    return rx.el.div(
        step_title("Set to"),
        step_form(
            FlagsState,
            "choose",
            FlagsState.choose,
            rx.el.fieldset(
                rx.el.legend("New value", class_name="sr-only"),
                rx.foreach(FlagsState.choices, _choice),
                class_name="field boxes",
            ),
            rx.cond(FlagsState.shared, share),
            step_buttons(FlagsState, submit_button(FlagsState, "Review change", "One moment…", "")),
        ),
        key="choose",
    )


def _choice(choice: ChoiceRow) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="value",
            value=choice.value,
            default_checked=choice.value == FlagsState.word,
            class_name="check radio",
        ),
        rx.el.span(choice.words, rx.el.span(choice.meaning, class_name="hint")),
        key=choice.value,
        class_name="check-label",
    )


def _review() -> rx.Component:
    return rx.el.div(
        step_title("Apply this change?"),
        rx.el.p(FlagsState.change, class_name="said"),
        step_form(
            FlagsState,
            "review",
            FlagsState.switch,
            step_buttons(FlagsState, submit_button(FlagsState, "Apply change", "Changing…", "")),
            has_fields=False,
        ),
        key="review",
    )
