"""nginx with the configuration of deploy/nginx, on this machine with a self-signed certificate."""

import datetime
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from autograph_web.infra.processes import end_process
from autograph_web.infra.startup_error import StartupError

SITE = Path(__file__).parent / "nginx" / "autograph.conf"
NAME = "localhost"
_LIFE = datetime.timedelta(days=30)
_STOP_SECONDS = 10.0
_MAIN = """{user}daemon off;
pid {folder}/nginx.pid;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/upstream.conf;
    include {folder}/autograph.conf;
}}
"""


class Proxy:
    """nginx in front of several servers on this machine."""

    def __init__(self, folder: Path, port: int, plain_port: int, servers: Sequence[int]) -> None:
        """Write the configuration, without starting nginx.

        Args:
            folder: The folder for its files.
            port: The https port.
            plain_port: The http port, which redirects to https.
            servers: The ports of the servers behind it.

        Raises:
            StartupError: nginx is not installed.
        """
        program = nginx()
        if program is None:
            raise StartupError("nginx is not installed; install it first (Debian: apt install nginx-light)")
        self.certificate = write_certificate(folder)
        self._folder = folder.resolve()
        self._command = [program, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        self._process: subprocess.Popen[bytes] | None = None
        self._write(port, plain_port, servers)

    def start(self) -> Self:
        """Start nginx.

        Raises:
            StartupError: nginx rejects its configuration.
        """
        checked = subprocess.run(  # noqa: S603  (the arguments are ours)
            [*self._command, "-t", "-e", "stderr"], capture_output=True, text=True, check=False
        )
        if checked.returncode != 0:
            last = (checked.stderr.strip().splitlines() or ["it does not say why"])[-2:][0]
            raise StartupError(f"nginx refuses to start: {last}")
        log = self._folder / "nginx.log"
        self._process = subprocess.Popen(  # noqa: S603  (the arguments are ours)
            [*self._command, "-e", str(log)], stdin=subprocess.DEVNULL, start_new_session=True
        )
        return self

    def stop(self) -> None:
        """Stop nginx and its workers."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, _STOP_SECONDS)

    @property
    def runs(self) -> bool:
        """Whether nginx is running."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        """Start nginx."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop nginx."""
        self.stop()

    def _write(self, port: int, plain_port: int, servers: Sequence[int]) -> None:
        site = SITE.read_text("utf-8")
        for there, here in (
            ("listen 443 ", f"listen 127.0.0.1:{port} "),
            ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
            ("https://$host$request_uri", f"https://{NAME}:{port}$request_uri"),
            ("accounts.example.com", NAME),
            ("/etc/autograph/tls", str(self._folder)),
            ("/var/log/nginx", str(self._folder)),
        ):
            if there not in site:
                raise ValueError(f"{SITE} no longer has {there!r}")
            site = site.replace(there, here)
        places = "".join(f"server 127.0.0.1:{one} max_fails=1 fail_timeout=2s; " for one in servers)
        user = "user root;\n" if os.geteuid() == 0 else ""  # only our user can read its files here
        (self._folder / "autograph.conf").write_text(site)
        (self._folder / "upstream.conf").write_text(f"upstream autograph {{ {places}keepalive 32; }}\n")
        (self._folder / "nginx.conf").write_text(_MAIN.format(folder=self._folder, user=user))


def nginx() -> str | None:
    """Return the path of nginx, or None if it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def write_certificate(folder: Path) -> Path:
    """Write a self-signed certificate for `localhost` and its key; return the path of the certificate."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept = folder / "privkey.pem"
    kept.touch(mode=0o600)
    kept.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public = folder / "fullchain.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return public
