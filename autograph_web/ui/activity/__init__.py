"""Everything that happened on the account, to look through and take along."""
