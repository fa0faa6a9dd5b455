"""The authentication flow: from a first factor to the grant that opens a session."""
