"""The module loaded by Reflex and by the server: the application for the settings of this process."""

from autograph_web.app import create_reflex_app
from autograph_web.settings import load_settings

_front = create_reflex_app(load_settings())
app = _front.app
served = _front.served
