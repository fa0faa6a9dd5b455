"""The product with the real programs that others run it with; `make interop` collects these tests."""
