"""What an operator's monitoring reads: how the server stands, and its figures."""
