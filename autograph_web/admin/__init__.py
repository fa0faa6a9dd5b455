"""What an operator does with other people's accounts."""
