"""The usual proxies, each with the shortest configuration that works."""

import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.live_server import free_port

_PATIENCE_S = 15.0
_NGINX = """daemon off; pid {folder}/nginx.pid; error_log stderr; events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_to_pass {{ default upgrade; '' ''; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{server}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_to_pass;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""
_CADDY = """{{
  admin off
  auto_https off
}}
http://localhost:{port} {{
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:{server}
}}
"""
_HAPROXY = """defaults
  mode http
  timeout connect 2s
  timeout client 120s
  timeout server 120s
  timeout tunnel 1h
frontend people
  bind 127.0.0.1:{port}
  http-request set-header X-Forwarded-For %[src]
  default_backend autograph
backend autograph
  server one 127.0.0.1:{server}
"""
PROXIES = {
    "nginx": (_NGINX, ["nginx", "-p", "{folder}", "-c", "{config}", "-e", "stderr"], "nginx-light"),
    "caddy": (_CADDY, ["caddy", "run", "--adapter", "caddyfile", "--config", "{config}"], "caddy"),
    "haproxy": (_HAPROXY, ["haproxy", "-db", "-f", "{config}"], "haproxy"),
}


@contextmanager
def proxy(name: str, folder: Path, port: int, server: int) -> Generator[None]:
    """Run one on `port` in front of a server of this machine."""
    template, command, package = PROXIES[name]
    path = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"
    program = shutil.which(command[0]) or shutil.which(command[0], path=path)
    if program is None:
        pytest.skip(f"{name} is not installed (apt install {package})")
    config = folder / f"{name}.conf"
    config.write_text(template.format(folder=folder, port=port, server=server))
    rest = [part.format(folder=folder, config=config) for part in command[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([program, *rest], stdout=log, stderr=log, env={"HOME": str(folder)})
    try:
        _until_it_listens(process, port, folder / f"{name}.log")
        yield
    finally:
        process.terminate()
        process.wait()


def port_for_a_proxy() -> int:
    """Return a port that nobody uses right now."""
    return free_port()


def _until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
