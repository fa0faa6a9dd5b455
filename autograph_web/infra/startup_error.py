"""The one error for a server, or a tool of it, that cannot start."""


class StartupError(Exception):
    """Starting is impossible; the message is one line that says why and what to do."""


class SettingsError(StartupError):
    """The environment does not describe a server that may start; the message is one line."""
