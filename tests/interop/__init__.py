"""The product with the real programs that operators run it with; `make interop` collects these tests."""
