"""The illustration: the handwritten word "Auto" that becomes a graph, with its curve handles."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

_PEN = (
    "M23 235C62 231 96 165 121 106S150 24 169 23C187 23 182 72 175 117C168 165 157 178 157 206"
    "C157 222 162 232 172 232C191 232 205 203 212 186C206 206 204 232 220 232C239 232 250 203 256 186"
    "C250 206 248 232 264 232C291 232 319 176 326 126C319 162 311 232 330 232C347 232 352 214 358 200"
    "C364 186 374 182 384 184C395 190 397 206 394 216C390 230 377 236 367 230C356 223 353 204 363 191"
    "C372 180 390 188 402 187C420 184 426 126 441 126C454 126 456 158 470 158C492 158 496 62 519 23"
)
_CROSSBAR = "M93 184C115 160 180 158 190 187C197 208 186 232 172 232"
_T_BAR = "M297 158C315 153 336 151 355 152"
_NODES = ((169, 23), (326, 126), (441, 126), (470, 158))
_HANDLES = ((169, 23, 48, 0), (441, 126, 26, 0), (470, 158, 26, 0))
_MARK = "M3 26C12 25 17 6 23 4.5C27 4 24 14 23 20C22.5 25 25 26 27.5 24"


def signature() -> rx.Component:
    """Return the panel beside a form; decoration only."""
    return rx.el.div(
        rx.el.svg(
            *(rx.el.line(x1=0, x2=540, y1=y, y2=y, class_name="art-rule") for y in (23, 126, 232)),
            rx.el.path(
                d="M402 187C420 184 426 126 441 126C454 126 456 158 470 158C492 158 496 62 519 23V232H402Z",
                class_name="art-area",
            ),
            *(_handle(*handle) for handle in _HANDLES),
            rx.el.path(d=_CROSSBAR, class_name="art-ink art-second", path_length=1),
            rx.el.path(d=_PEN, class_name="art-ink", path_length=1),
            rx.el.path(d=_T_BAR, class_name="art-ink art-third", path_length=1),
            *(rx.el.circle(cx=x, cy=y, r=5, class_name="art-node") for x, y in _NODES),
            rx.el.circle(cx=519, cy=23, r=14, class_name="art-halo"),
            rx.el.circle(cx=519, cy=23, r=8, class_name="art-end"),
            view_box="0 0 540 262",
            class_name="art-drawing",
        ),
        class_name="art",
        aria_hidden="true",
    )


def mark() -> rx.Component:
    """Return the logo before the product's name."""
    return rx.el.svg(
        rx.el.path(
            d="M3.5 26.5C11 25 15 6.5 20.5 5C24 4.5 21.5 13 20.5 19C19.8 23.5 20.5 26.5 22.8 26.5"
            "C25 26.5 26 24.5 27 22.5"
        ),
        rx.el.path(d="M10 19.5C13.5 16 21 15.5 23.5 18.5"),
        rx.el.circle(cx="27.5", cy="22", r="2.4"),
        view_box="0 0 32 32",
        class_name="mark",
        aria_hidden="true",
    )


def _handle(x: int, y: int, dx: int, dy: int) -> rx.Component:
    """Return the two handles of a curve through (x, y), reaching (dx, dy) to either side."""
    ends = ((x - dx, y - dy), (x + dx, y + dy))
    return rx.el.g(
        rx.el.line(x1=ends[0][0], y1=ends[0][1], x2=ends[1][0], y2=ends[1][1]),
        *(rx.el.rect(x=ex - 2, y=ey - 2, width=4, height=4) for ex, ey in ends),
        class_name="art-handle",
    )
