"""Administration: what an operator may do with other users' accounts."""
