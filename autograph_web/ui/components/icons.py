"""Line icons on a 24-unit grid, in the colour of the surrounding text."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

_PATHS: dict[str, tuple[str, ...]] = {
    "sign-in": ("M10 4h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-8", "M4 12h11", "m11 8 4 4-4 4"),
    "sign-out": ("M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8", "M10 12h11", "m17 8 4 4-4 4"),
    "warning": ("M12 3.5 2.5 20h19L12 3.5Z", "M12 10v4.5", "M12 17.3v.2"),
    "person": ("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z", "M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"),
    "people": (
        "M9 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z",
        "M2 20c.8-3.6 3.4-5 7-5s6.2 1.4 7 5",
        "M16 4.3a4 4 0 0 1 0 7.4",
        "M18.5 15.4c1.8.8 3 2.3 3.5 4.6",
    ),
    "key": ("M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z", "m11 12 9-9", "m16 7 3 3"),
    "terminal": ("M3 5h18v14H3z", "m7 9.5 3 2.5-3 2.5", "M12.5 15h4"),
    "shield": ("M12 3 5 5.5v6c0 4.5 3 7.5 7 9.5 4-2 7-5 7-9.5v-6L12 3Z",),
    "shield-check": ("M12 3 5 5.5v6c0 4.5 3 7.5 7 9.5 4-2 7-5 7-9.5v-6L12 3Z", "m9 11.8 2.2 2.2L15 10"),
    "search": ("M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z", "m15.5 15.5 5 5"),
    "home": ("m4 11 8-7 8 7", "M6 9.5V20h12V9.5", "M10 20v-5h4v5"),
    "clock": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M12 7v5l3.5 2"),
    "copy": ("M9 9h11v11H9z", "M15 9V4H4v11h5"),
    "download": ("M12 4v11", "m7 11 5 5 5-5", "M5 20h14"),
    "print": ("M7 9V4h10v5", "M7 17H4V9h16v8h-3", "M7 14h10v6H7z"),
    "phone": ("M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z", "M11 18h2"),
    "devices": ("M3 5h13v9H3z", "M7 18h5", "M18 10h3v8h-4v-4"),
    "dot": ("M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",),
    "info": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M12 11v5", "M12 8v.2"),
    "no-signal": (
        "m3 3 18 18",
        "M5 12.5a10 10 0 0 1 4-2.4",
        "M15 10.5a10 10 0 0 1 4 2",
        "M8.5 16a5 5 0 0 1 7 0",
        "M12 19.5v.2",
    ),
    "sun": (
        "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z",
        "M12 3v2",
        "M12 19v2",
        "M3 12h2",
        "M19 12h2",
        "m5.6 5.6 1.4 1.4",
        "m17 17 1.4 1.4",
        "m5.6 18.4 1.4-1.4",
        "m17 7 1.4-1.4",
    ),
    "moon": ("M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",),
    "screen": ("M3 4.5h18v12H3z", "M8 20.5h8", "M12 16.5v4"),
}


def icon(name: str) -> rx.Component:
    """Return the icon `name`; hidden from assistive technology, since it always accompanies text."""
    return rx.el.svg(
        *(rx.el.path(d=path) for path in _PATHS[name]),
        view_box="0 0 24 24",
        class_name="icon",
        aria_hidden="true",
    )


def icon_of(name: str, *names: str) -> rx.Component:
    """Return the icon that the var `name` selects from `names` at run time, else a dot."""
    return rx.fragment(rx.match(name, *((one, icon(one)) for one in names), icon("dot")))
