"""The errors of a server or command that cannot start."""


class StartupError(Exception):
    """The start is impossible; the message is one line with the reason and the remedy."""


class SettingsError(StartupError):
    """The environment does not contain a valid configuration; the message is one line."""
