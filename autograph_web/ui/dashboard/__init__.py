"""The overview of the account, which follows sign-in."""
