"""The audit page: the events of all accounts, for administrators."""
