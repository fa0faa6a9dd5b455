"""Everything that happened on every account, for administrators to look through."""
