"""An OpenID Connect issuer: its documents on a port, and tokens that it signs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "deepaas-tests"


class Issuer:
    """Attributes:
    down: answer 500 to all requests.
    asked: the paths that were requested.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.down = False
        self.asked: list[str] = []
        self.keys: dict[str, tuple[Any, str]] = {}
        self.add_key("rsa", rsa.generate_private_key(65537, 2048), "RS256")
        self.add_key("ec", ec.generate_private_key(ec.SECP256R1()), "ES256")
        self.add_key("ed", ed25519.Ed25519PrivateKey.generate(), "EdDSA")
        self.configuration: dict[str, Any] = {"issuer": url, "jwks_uri": f"{url}/keys"}

    def add_key(self, kid: str, key: Any, algorithm: str) -> None:
        self.keys[kid] = (key, algorithm)

    def token(self, kid: str = "rsa", header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign a token; a claim that is None is left out."""
        key, algorithm = self.keys[kid]
        return jwt.encode(
            self.claims(**claims), key, algorithm, headers={"kid": kid, **(header or {})}
        )

    def claims(self, **claims: Any) -> dict[str, Any]:
        told = {
            "iss": self.url,
            "sub": "ada",
            "aud": AUDIENCE,
            "exp": int(time.time()) + 300,
            "groups": ["/vo/users"],
            **claims,
        }
        return {name: value for name, value in told.items() if value is not None}

    def document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return self.configuration
        kinds: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
        keys = []
        for kid, (key, algorithm) in self.keys.items():
            told = json.loads(kinds[algorithm].to_jwk(key.public_key()))
            keys.append({**told, "kid": kid, "use": "sig", "alg": algorithm})
        return {"keys": keys}


@contextmanager
def started() -> Iterator[Issuer]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            body = json.dumps(issuer.document(self.path)).encode()
            self.send_response(500 if issuer.down else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
