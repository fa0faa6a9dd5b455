"""The activity page: the events of the account, with filters and download."""
