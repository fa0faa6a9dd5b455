"""The devices page: open sessions, and signing out of them."""
