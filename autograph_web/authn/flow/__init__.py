"""The flow of authentication: from a first factor to the grant that opens a session."""
