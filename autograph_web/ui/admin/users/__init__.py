"""The page of all accounts, for administrators."""
