"""Import everything with warnings as errors, then start and sign in: `python -m tests.first_steps`."""

import importlib
import pkgutil
import tempfile
import warnings
from pathlib import Path
from types import ModuleType

import httpx

import autograph_web
import deploy
from tests.support.servers.live_server import LiveServer

_PERSON = {"email": "mina@northwind.dev", "password": "ink on graph paper"}


def import_everything(*packages: ModuleType) -> int:
    """Import every module except the programs; return how many there are."""
    names = [
        found.name
        for package in packages
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # platformdirs, through the PostgreSQL of the tests, on a machine without a desktop session.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
        for name in names:
            importlib.import_module(name)
    return len(names)


def sign_in() -> None:
    """Start as `make run` does, register, sign in, and open one page."""
    with tempfile.TemporaryDirectory(prefix="ag-first-") as folder, LiveServer(Path(folder)) as server:
        with httpx.Client(base_url=server.base_url, timeout=30) as client:
            client.post("/register", json=_PERSON).raise_for_status()
            token = client.post("/login", json=_PERSON).raise_for_status().json()["access_token"]
            me = client.get("/me", headers={"Authorization": f"Bearer {token}"}).raise_for_status().json()
            assert me["email"] == _PERSON["email"]
            assert "<title>" in client.get("/login", headers={"Accept": "text/html"}).raise_for_status().text
        server.check_log()


if __name__ == "__main__":
    print(f"{import_everything(autograph_web, deploy)} modules imported", flush=True)
    sign_in()
    print("signed in")
