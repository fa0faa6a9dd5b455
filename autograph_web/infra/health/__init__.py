"""What is wrong with a part we depend on, and what an operator can do about it."""
