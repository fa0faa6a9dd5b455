"""AutoGraph Web: the account front door of AutoGraph v3."""
