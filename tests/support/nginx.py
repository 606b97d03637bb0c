"""The real nginx before a host: TLS, and a part of its paths that goes to the host."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .host import free_port
from .waiting import wait_until

CONFIG = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location {path}/ {{
      proxy_pass http://127.0.0.1:{host_port};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout 1h;
      client_max_body_size 0;
    }}
  }}
}}
"""
MAKE_CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def nginx(folder: Path, host_port: int, path: str) -> Iterator[str]:
    """An nginx that passes everything below a path on to a host on another port.

    Returns:
        its URL, without a path.
    """
    folder.mkdir()
    port = free_port()
    subprocess.run(
        [
            *(*MAKE_CERTIFICATE, "-subj", "/CN=127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(
        CONFIG.format(folder=folder, port=port, path=path, host_port=host_port, temporary=temporary)
    )
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: _listens(process, port), "nginx listens")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "nginx has ended"
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True
