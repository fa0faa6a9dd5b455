"""AutoGraph Web: the authentication server of AutoGraph v3."""

__version__ = "3.0.0"
