"""Accounts: identities, email addresses and their verification."""
