"""Every error code that the product can return, in whichever package it is defined."""

from importlib import import_module

from autograph_web.infra.errors import DomainError, error_kinds
from tests.support.product.sources import product_modules


def all_errors() -> dict[str, type[DomainError]]:
    """Return every error by its code, after importing each package's `errors` module."""
    for module in product_modules():
        if module.name.endswith(".errors"):
            import_module(module.name)
    return error_kinds()
