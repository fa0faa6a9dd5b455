"""AutoGraph Web: the account front door of AutoGraph v3."""

__version__ = "3.0.0"
