"""The page of one account, for administrators."""
