"""HTTPS, from a real host: calls, clients that stall, and certificates of clients."""

import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import psutil
import pytest
from support import storm_size
from support.host import Host, free_port, start_host
from support.waiting import wait_until

from .certificates import AUTHORITY, write

MAX_PEAK_MB = storm_size.chosen(150, 400)
"""A connection with TLS takes 40 KB, and 70 KB during its handshake."""

SWAPS_COUNT = storm_size.chosen(10, 100)


@dataclass
class Secure:
    """A host whose port ``https`` has TLS, and ``mutual`` too, for clients with a certificate."""

    host: Host
    folder: Path
    https: int
    metrics: int
    context: ssl.SSLContext

    def ask(
        self, path: str, method: str = "GET", port: int = 0, **headers: str
    ) -> tuple[int, bytes]:
        port = port or self.https
        with closing(HTTPSConnection("127.0.0.1", port, context=self.context)) as client:
            client.request(method, path, headers=headers)
            answer = client.getresponse()
            return answer.status, answer.read()

    def certificate(self, port: int = 0) -> bytes:
        """What it shows now."""
        with (
            socket.create_connection(("127.0.0.1", port or self.https), timeout=10) as plain,
            self.context.wrap_socket(plain, server_hostname="localhost") as sock,
        ):
            return sock.getpeercert(binary_form=True) or b""

    def shows_another(self, old: bytes) -> bool:
        return self.certificate() != old

    def memory_mb(self) -> float:
        return psutil.Process(self.host.process.pid).memory_info().rss / 2**20


@pytest.fixture(scope="module")
def secure(trusting: ssl.SSLContext) -> Iterator[Secure]:
    port, https, metrics = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        chain, key = write(Path(name))
        options = [
            *("--metrics-listen", f"127.0.0.1:{metrics}"),
            *("--tls-cert", str(chain), "--tls-key", str(key), "--header-timeout", "3"),
            *("--listen", f"127.0.0.1:{port} tls=no", "--listen", f"127.0.0.1:{https}"),
        ]
        with start_host(["plain"], *options, port=port, max_peak_mb=MAX_PEAK_MB) as host:
            yield Secure(host, Path(name), https, metrics, trusting)


def test_calls_and_links(secure: Secure) -> None:
    status, body = secure.ask("/v2/models/plain/predict/?text=hello", "POST")
    assert (status, b"hello" in body) == (200, True)
    assert f"https://127.0.0.1:{secure.https}".encode() in secure.ask("/", Accept="text/html")[1]
    plain = secure.host.get("/", headers={"Accept": "text/html"}).body
    assert f"http://127.0.0.1:{secure.host.port}".encode() in plain
    assert f"https://127.0.0.1:{secure.https}" in secure.host.log()


def test_the_shell_client_trusts_the_authority_that_it_is_told(secure: Secure) -> None:
    ca = secure.folder / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(ca))
    url = f"https://127.0.0.1:{secure.https}"
    command = [sys.executable, "-m", "deepaas.cli", "--url", url, "list"]
    told = {**os.environ, "SSL_CERT_FILE": str(ca)}
    outcome = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert (outcome.returncode, "plain" in outcome.stdout) == (0, True), outcome.stderr
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode != 0
    assert "Set the environment variable SSL_CERT_FILE" in outcome.stderr


def test_protocol_and_version(secure: Secure) -> None:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", secure.https)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sock,
    ):
        assert (sock.selected_alpn_protocol(), sock.version()) == ("http/1.1", "TLSv1.3")
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", secure.https)) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_is_told_that_this_is_https(secure: Secure) -> None:
    with closing(HTTPConnection("127.0.0.1", secure.https, timeout=10)) as client:
        client.request("POST", "/v2/models/", body=b"x" * 200_000)
        answer = client.getresponse()
        assert answer.status == 400
        assert b"this port speaks HTTPS: use https://" in answer.read()
        assert answer.headers["Connection"] == "close"
    for nonsense in (b"\x00\x01\x02", b"\x80\x2e\x01", b"\x16\x03\x01\xff\xff" + b"x" * 400):
        with socket.create_connection(("127.0.0.1", secure.https), timeout=10) as sock:
            sock.sendall(nonsense)
            received = b""
            try:
                while piece := sock.recv(1000):
                    received += piece
            except ConnectionResetError:
                pass
            assert not received or received[0] == 21  # A TLS alert.
    assert "Traceback" not in secure.host.log()


def test_metrics_at_an_address_of_their_own(secure: Secure) -> None:
    """With the certificate of the host, also the next one."""
    secure.host.wait_for_log(f"metrics: https://127.0.0.1:{secure.metrics}/metrics")
    status, body = secure.ask("/metrics", port=secure.metrics)
    assert status == 200 and b"deepaas_build_info" in body
    with closing(HTTPConnection("127.0.0.1", secure.metrics)) as client:
        client.request("GET", "/metrics")
        answer = client.getresponse()
        assert answer.status == 400 and b"https_required" in answer.read()
    old = secure.certificate(secure.metrics)
    write(secure.folder)
    secure.host.send(1)
    wait_until(lambda: secure.certificate(secure.metrics) != old, "it has been replaced")
    assert secure.certificate(secure.metrics) == secure.certificate()


def test_clients_that_never_finish_their_handshake_do_not_hold_the_host(secure: Secure) -> None:
    """Silent ones, and those that have sent a beginning; they end with the head timeout."""
    count = storm_size.chosen(500, 2000)
    secure.ask("/healthz")
    before_mb = secure.memory_mb()
    storm = []
    for number in range(count):
        sock = socket.create_connection(("127.0.0.1", secure.https), timeout=30)
        if number % 2:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        storm.append(sock)
    assert secure.ask("/v2/models/plain/predict/?text=meanwhile", "POST")[0] == 200
    assert secure.memory_mb() - before_mb < 0.1 * count
    for sock in storm:
        sock.settimeout(30)
        assert sock.recv(1) == b""  # Not by us: by the host, for it is too slow.
        sock.close()
    assert secure.ask("/healthz")[0] == 200


def test_a_reader_that_does_not_read_and_one_that_does(secure: Secure) -> None:
    """Under TLS too, a long body arrives whole, and is not held in memory."""
    before_mb = secure.memory_mb()
    size = 40_000_000
    body = b"--b\r\nContent-Disposition: form-data; name=data; filename=x\r\n\r\n"
    body += b"y" * size + b"\r\n--b--\r\n"
    with closing(HTTPSConnection("127.0.0.1", secure.https, context=secure.context)) as client:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        client.request("POST", "/v2/models/plain/predict/", body, headers)
        assert client.getresponse().status in (200, 422)
    assert secure.memory_mb() - before_mb < 30


def test_swapped_under_load_and_a_broken_one_between(secure: Secure) -> None:
    """No call fails: neither on connections that are kept, nor on new ones."""
    stop = threading.Event()
    failures: list[str] = []
    done = [0, 0]

    def load(keep: bool) -> None:
        client = HTTPSConnection("127.0.0.1", secure.https, context=secure.context, timeout=30)
        while not stop.is_set():
            try:
                client.request("GET", "/healthz")
                answer = client.getresponse()
                answer.read()
                assert answer.status == 200
                done[keep] += 1
            except Exception as error:
                failures.append(repr(error))
                return
            if not keep:
                client.close()
        client.close()

    threads = [threading.Thread(target=load, args=(bool(number % 2),)) for number in range(4)]
    for one in threads:
        one.start()
    try:
        for number in range(SWAPS_COUNT):
            old = secure.certificate()
            if number % 5 == 4:
                # The key of another one, and half a file.
                since = len(secure.host.log())
                chain = secure.folder / "cert.pem"
                good = chain.read_bytes()
                other = AUTHORITY.issue_cert("localhost", "127.0.0.1").cert_chain_pems[0].bytes()
                chain.write_bytes(other if number % 2 else good[:200])
                secure.host.send(1)
                secure.host.wait_for_log("the old certificate stays in use", since)
                assert secure.certificate() == old
            write(secure.folder)
            if number % 2:  # The others are noticed.
                secure.host.send(1)
            wait_until(partial(secure.shows_another, old), "it has been replaced")
    finally:
        stop.set()
        for one in threads:
            one.join()
    assert failures == []
    assert min(done) > SWAPS_COUNT
    assert secure.host.process.poll() is None


def test_the_certificate_of_a_client(tmp_path: Path, trusting: ssl.SSLContext) -> None:
    chain, key = write(tmp_path)
    ca = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(ca))
    port, https, metrics = free_port(), free_port(), free_port()
    options = [
        *("--tls-cert", str(chain), "--tls-key", str(key), "--tls-client-ca", str(ca)),
        *("--metrics-listen", f"127.0.0.1:{metrics} tls=no"),
        *("--listen", f"127.0.0.1:{port} tls=no doors=health"),
        *("--listen", f"127.0.0.1:{https}"),
    ]
    with start_host([], *options, port=port, wait=False) as host:

        def ask(context: ssl.SSLContext) -> int:
            with closing(HTTPSConnection("127.0.0.1", https, context=context, timeout=10)) as one:
                one.request("GET", "/healthz")
                return one.getresponse().status

        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(trusting)
        own = ssl.create_default_context()
        AUTHORITY.configure_trust(own)
        AUTHORITY.issue_cert("alice@example.org", common_name="alice").configure_cert(own)
        assert ask(own) == 200
        import trustme

        stranger = ssl.create_default_context()
        AUTHORITY.configure_trust(stranger)
        trustme.CA().issue_cert("mallory@example.org").configure_cert(stranger)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            ask(stranger)
        host.wait_for_log("the certificate of a client was refused")
        host.wait_for_log(f"metrics: http://127.0.0.1:{metrics}/metrics")
        with closing(HTTPConnection("127.0.0.1", metrics, timeout=10)) as client:
            client.request("GET", "/metrics")
            assert client.getresponse().status == 200
        # How a container's health check sees it: the port without TLS.
        environment = {
            **os.environ,
            "DEEPAAS_TLS_CERT": str(chain),
            "DEEPAAS_LISTEN": f"127.0.0.1:{https},127.0.0.1:{port} tls=no doors=health",
        }
        probe = [sys.executable, "-m", "deepaas.cmd.health"]
        assert subprocess.run(probe, env=environment, check=False).returncode == 0
        assert re.search("Traceback", host.log()) is None
