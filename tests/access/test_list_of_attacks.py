"""The attacks that everybody tries first, by name, each with its refusal, at one running host.

Somebody is logged in, so that there is something to steal. How keys are compared in constant time
is in `test_keys.py`, and what real browsers let foreign pages do in `tests/security`.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.host import Host, start_host

from deepaas.access.keys import now
from deepaas.access.principal import ALL_RIGHTS, Right

from .conftest import add_key
from .issuer import AUDIENCE, Issuer, started
from .raw import answers, request

MODELS, PREDICT = "/v2/models/", "/v2/models/plain/predict/"
SECRET = b"Gives the text back"
"""What the model says of itself."""
FORM = "Content-Type: application/x-www-form-urlencoded"
EVIL = "https://evil.test"
WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
SMUGGLED = "0\r\n\r\nGET /v2/models/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Rest: "


@dataclass(frozen=True)
class Target:
    """Attributes:
    keys: by name: `all`, `reads`, `other` for another model, `expired`.
    cookie: of somebody who is logged in with `all`.
    """

    host: Host
    issuer: Issuer
    keys: dict[str, str]
    cookie: str

    @property
    def origin(self) -> str:
        return self.host.url

    def by_cookie(self, *headers: str, path: str = PREDICT, method: str = "POST") -> str:
        """A request of the browser of whoever is logged in."""
        sent = (f"Cookie: {self.cookie}", "Content-Length: 0", *headers)
        return request(path, *sent, method=method, host=f"127.0.0.1:{self.host.port}")

    def by_page(self, origin: str, site: str, mode: str, *headers: str, **how: str) -> str:
        """The same on behalf of a page."""
        told = (f"Origin: {origin}", f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}")
        return self.by_cookie(*told, *headers, **how)

    def forged(self, algorithm: str, key: Any) -> str:
        token = jwt.encode(self.issuer.claims(), key, algorithm, headers={"kid": "rsa"})
        return _with(token)

    def exchanged(self, subject: str) -> str:
        """The signature of a good token below the claims of another one."""
        head, _, signature = self.issuer.token().split(".")
        return _with(f"{head}.{self.issuer.token(sub=subject).split('.')[1]}.{signature}")

    def signed_with_public_key(self) -> str:
        """As if what everybody finds at the issuer were a secret of both; PyJWT makes no such."""
        public = self.issuer.keys["rsa"][0].public_key()
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        secret = public.public_bytes(serialization.Encoding.PEM, kind)
        token = jwt.encode(self.issuer.claims(), "x" * 32, "HS256", headers={"kid": "rsa"})
        signed = token.rpartition(".")[0]
        mac = hmac.digest(secret, signed.encode(), "sha256")
        return _with(f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")


def _with(token: str, path: str = MODELS, method: str = "GET", *headers: str) -> str:
    return request(path, f"Authorization: Bearer {token}", *headers, method=method)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _log_in(key: str, *headers: str) -> str:
    body = urlencode({"key": key})
    sent = (FORM, f"Content-Length: {len(body)}", *headers)
    return f"{request('/login', *sent, method='POST')}\r\n\r\n{body}"


def _both_lengths(target: Target, path: str, name: str = "Transfer-Encoding: chunked") -> str:
    """Two ends of one body: what is behind the first one would be another request."""
    length = f"Content-Length: {len(SMUGGLED)}"
    return f"{_with(target.keys['all'], path, 'POST', length, name)}\r\n\r\n{SMUGGLED}"


def _cookie_of(host: Host, key: str) -> str:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", urlencode({"key": key}), headers)
    given = connection.getresponse().headers["Set-Cookie"]
    connection.close()
    return given.partition(";")[0]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    file = tmp_path_factory.mktemp("attacked") / "keys.json"
    keys = {
        "all": add_key(file, "all", list(ALL_RIGHTS)),
        "reads": add_key(file, "reads", [Right.READ]),
        "other": add_key(file, "other", list(ALL_RIGHTS), models=["other"]),
        "expired": add_key(file, "expired", list(ALL_RIGHTS), expires=now() - timedelta(hours=1)),
    }
    with started() as issuer:
        options = (
            f"--keys-file={file}",
            f"--oidc-issuer={issuer.url}",
            f"--oidc-audience={AUDIENCE}",
            "--oidc-grant=* read",
            "--limit-per-address=2/hour",
        )
        with start_host(["plain"], *options) as host:
            cookie = _cookie_of(host, keys["all"])
            yield Target(host, issuer, keys, cookie)
            assert "Traceback" not in host.log()


Attack = Callable[[Target], str | Sequence[str]]
"""Makes the requests of an attack, of which the last must be refused."""

ATTACKS: dict[str, tuple[int, Attack]] = {
    # Pages of other sites, in a browser that is logged in.
    "a form of a foreign page": (403, lambda t: t.by_page(EVIL, "cross-site", "navigate", FORM)),
    "a fetch of a foreign page": (403, lambda t: t.by_page(EVIL, "cross-site", "cors")),
    "a page without an origin, in a sandbox": (
        403,
        lambda t: t.by_page("null", "cross-site", "cors"),
    ),
    "a page of another port": (
        403,
        lambda t: t.by_page("http://127.0.0.1:1", "same-site", "cors"),
    ),
    "a picture of a foreign page": (
        403,
        lambda t: t.by_cookie(
            "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", path=MODELS, method="GET"
        ),
    ),
    "a frame of a foreign page": (
        403,
        lambda t: t.by_cookie(
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: iframe",
            path="/",
            method="GET",
        ),
    ),
    "a WebSocket of a foreign page": (
        403,
        lambda t: t.by_page(
            EVIL, "cross-site", "websocket", *WEBSOCKET, path="/tensorboard/", method="GET"
        ),
    ),
    "a preflight of a foreign page": (
        403,
        lambda _: request(
            PREDICT, f"Origin: {EVIL}", "Access-Control-Request-Method: POST", method="OPTIONS"
        ),
    ),
    "a browser without SameSite and Sec-Fetch": (401, lambda t: t.by_cookie(FORM)),
    "a foreign page that logs its visitor in": (
        403,
        lambda t: _log_in(t.keys["reads"], f"Origin: {EVIL}"),
    ),
    "a foreign page that logs its visitor out": (
        403,
        lambda t: t.by_page(EVIL, "cross-site", "navigate", path="/logout"),
    ),
    "DNS rebinding": (
        421,
        lambda t: request(MODELS, f"Cookie: {t.cookie}", "Sec-Fetch-Site: none", host="evil.test"),
    ),
    "DNS rebinding with a name that begins like ours": (
        421,
        lambda t: request(MODELS, f"Cookie: {t.cookie}", host="localhost.evil.test"),
    ),
    "DNS rebinding that names us in X-Forwarded-Host": (
        421,
        lambda t: request(
            MODELS, f"Cookie: {t.cookie}", "X-Forwarded-Host: localhost", host="evil.test"
        ),
    ),
    # Cookies.
    "a cookie that was changed": (
        401,
        lambda t: request(MODELS, f"Cookie: {t.cookie[:-4]}AAAA"),
    ),
    "a cookie of another port": (
        401,
        lambda t: request(MODELS, f"Cookie: deepaas-1={t.cookie.partition('=')[2]}"),
    ),
    "a cookie as a key": (401, lambda t: _with(t.cookie.partition("=")[2])),
    "a cookie as a visitor of the try-me page": (
        401,
        lambda t: request(MODELS, f"X-DEEPaaS-On-Behalf: {t.cookie.partition('=')[2]}"),
    ),
    # Keys where they do not belong, and those that do not count.
    "a key in the query": (401, lambda t: request(f"{MODELS}?api_key={t.keys['all']}")),
    "a key in a cookie": (401, lambda t: request(MODELS, f"Cookie: api_key={t.keys['all']}")),
    "a key in the address": (
        401,
        lambda t: request(f"http://x:{t.keys['all']}@127.0.0.1{MODELS}"),
    ),
    "a key as a password": (
        401,
        lambda t: request(
            MODELS,
            f"Authorization: Basic {_base64('all:' + t.keys['all'])}",
        ),
    ),
    "a second key": (
        400,
        lambda t: _with(t.keys["reads"], MODELS, "GET", f"X-API-Key: {t.keys['all']}"),
    ),
    "the key of the request before": (
        401,
        lambda t: [_with(t.keys["all"]), request(MODELS)],
    ),
    "an expired key": (401, lambda t: _with(t.keys["expired"])),
    "the beginning of a key": (401, lambda t: _with(t.keys["all"][:-1])),
    "a key for another model": (403, lambda t: _with(t.keys["other"], "/v2/models/plain/")),
    "a key without the right": (
        403,
        lambda t: _with(t.keys["reads"], PREDICT, "POST", "Content-Length: 0"),
    ),
    "many keys": (429, lambda _: [_log_in(f"dk_guess{n}") for n in range(11)]),
    # Smuggling, through the host and to what it passes requests on to.
    "a request in a body to the try-me page": (
        400,
        lambda t: _both_lengths(t, "/try-me/plain/gradio_api/queue/join"),
    ),
    "a request in a body to TensorBoard": (400, lambda t: _both_lengths(t, "/tensorboard/data/x")),
    "a request in a body of two lengths": (
        400,
        lambda t: _both_lengths(t, "/tensorboard/data/x", "Content-Length: 5"),
    ),
    "an encoding that only some understand": (
        400,
        lambda t: _both_lengths(t, "/tensorboard/data/x", "Transfer-Encoding: xchunked"),
    ),
    "a header in a folded line": (
        400,
        lambda t: request(MODELS, "X-Long: a", f" X-API-Key: {t.keys['all']}"),
    ),
    "a way back out of TensorBoard": (401, lambda _: request("/tensorboard/..%2fv2%2fmodels%2f")),
    "a visitor of the try-me page that is made up": (
        401,
        lambda _: request("/try-me/plain/", "X-DEEPaaS-On-Behalf: W10.W10"),
    ),
    # What only proxies may say.
    "X-Forwarded-For of this machine, for the metrics": (
        401,
        lambda _: request("/metrics", "X-Forwarded-For: 127.0.0.1"),
    ),
    "X-Forwarded-For of many addresses, against a limit": (
        429,
        lambda t: [
            _with(
                t.keys["all"], PREDICT, "POST", "Content-Length: 0", f"X-Forwarded-For: 192.0.2.{n}"
            )
            for n in range(3)
        ],
    ),
    "a user in a header": (
        401,
        lambda _: request(MODELS, "X-Forwarded-User: all", "Remote-User: all"),
    ),
    "another path in a header": (
        401,
        lambda _: request(MODELS, "X-Original-URL: /healthz", "X-Rewrite-URL: /healthz"),
    ),
    # Tokens.
    "an expired token": (401, lambda t: _with(t.issuer.token(exp=int(time.time()) - 3600))),
    "a token for another audience": (401, lambda t: _with(t.issuer.token(aud="another-service"))),
    "a token of another issuer": (401, lambda t: _with(t.issuer.token(iss="https://issuer.test"))),
    "a token with alg=none": (401, lambda t: t.forged("none", None)),
    "a token with a swapped key": (
        401,
        lambda t: t.forged("RS256", rsa.generate_private_key(65537, 2048)),
    ),
    "a token with the public key as its secret": (
        401,
        lambda t: t.signed_with_public_key(),
    ),
    "a token with other claims": (401, lambda t: t.exchanged("root")),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_is_refused(name: str, target: Target) -> None:
    status, attack = ATTACKS[name]
    made = attack(target)
    requests = [made] if isinstance(made, str) else made
    *_, last = told = answers(target.host.port, *requests)
    assert last[0] == status, last
    assert len(told) == len(requests), "a request was smuggled"
    assert SECRET not in last[1]


def test_what_is_stolen_is_worth_it(target: Target) -> None:
    """Each credential opens the door where it may, so that only the way was refused."""
    own = request(MODELS, f"Cookie: {target.cookie}", host=f"127.0.0.1:{target.host.port}")
    for good in (own, _with(target.keys["all"]), _with(target.issuer.token())):
        ((status, body),) = answers(target.host.port, good)
        assert status == 200 and SECRET in body
