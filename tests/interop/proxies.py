"""The usual proxies, each with the shortest configuration that works."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers.readiness import until_it_listens

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
      proxy_set_header X-Forwarded-For {forwarded};
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
  {forwarded}
  default_backend autograph
backend autograph
  server one 127.0.0.1:{server}
"""
# The first proxy reports the address it sees and trusts no header; one behind another appends the address
# that it sees.
_FORWARDED = {
    "nginx": ("$remote_addr", "$proxy_add_x_forwarded_for"),
    "haproxy": ("http-request set-header X-Forwarded-For %[src]", "option forwardfor"),
    "caddy": ("", ""),
}
PROXIES = {
    "nginx": (_NGINX, ["nginx", "-p", "{folder}", "-c", "{config}", "-e", "stderr"], "nginx-light"),
    "caddy": (_CADDY, ["caddy", "run", "--adapter", "caddyfile", "--config", "{config}"], "caddy"),
    "haproxy": (_HAPROXY, ["haproxy", "-db", "-f", "{config}"], "haproxy"),
}


def installed(name: str) -> str:
    """Return the path of a proxy's program; without it, the test is skipped by name."""
    path = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"
    program = shutil.which(name) or shutil.which(name, path=path)
    if program is None:
        pytest.skip(f"{name} is not installed (apt install {PROXIES[name][2]})")
    return program


@contextmanager
def proxy(
    name: str, folder: Path, port: int, server: int, *, behind_another: bool = False
) -> Generator[None]:
    """Run one on `port` in front of a server of this machine."""
    template, command, _ = PROXIES[name]
    program = installed(name)
    config, forwarded = folder / f"{name}.conf", _FORWARDED[name][behind_another]
    config.write_text(template.format(folder=folder, port=port, server=server, forwarded=forwarded))
    rest = [part.format(folder=folder, config=config) for part in command[1:]]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([program, *rest], stdout=log, stderr=log, env={"HOME": str(folder)})
    try:
        until_it_listens(process, port, folder / f"{name}.log", _PATIENCE_S)
        yield
    finally:
        process.terminate()
        process.wait()
