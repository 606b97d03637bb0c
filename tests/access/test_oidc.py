"""Tokens of an OpenID Connect issuer, as its users and its impostors send them to a host."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support import client
from support.host import Host, start_host

from deepaas.access import issuer_keys
from deepaas.access.issuer_keys import IssuerKeys
from deepaas.access.oidc_grants import parse_grant, principal_from
from deepaas.access.principal import Right
from deepaas.errors import ConfigError, IssuerUnavailable

from .issuer import AUDIENCE, Issuer, started


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with started() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def host(issuer: Issuer) -> Iterator[Host]:
    options = [
        *("--oidc-issuer", issuer.url, "--oidc-audience", AUDIENCE),
        *("--oidc-grant", "groups=/vo/users read+predict"),
        *("--oidc-grant", "realm_access.roles=only_echo predict echo"),
    ]
    with start_host(["plain", "echo"], "--no-ui", "--no-train-endpoint", *options) as host:
        yield host


def ask(host: Host, token: str, path: str = "/v2/models/plain/predict/") -> tuple[int, str]:
    method = "POST" if path.endswith("predict/") else "GET"
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.request(host.port, method, path, headers=headers)
    return answer.status, answer.body.decode()


@pytest.mark.parametrize("kid", ["rsa", "ec", "ed"])
def test_a_token_lets_its_owner_in(host: Host, issuer: Issuer, kid: str) -> None:
    assert ask(host, issuer.token(kid))[0] == 200
    assert ask(host, issuer.token(kid), "/v2/models/")[0] == 200


def test_rights_and_models_come_from_claims(host: Host, issuer: Issuer) -> None:
    roles = issuer.token(groups=None, realm_access={"roles": ["only_echo"]})
    assert ask(host, roles)[0] == 403
    assert ask(host, roles, "/v2/models/echo/predict/")[0] != 403
    status, text = ask(host, issuer.token(groups=["/other"]))
    assert (status, "--oidc-grant" in text) == (403, True)


def _segment(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def _by_hand(header: Any, claims: Any, secret: bytes = b"") -> str:
    signed = f"{_segment(header)}.{_segment(claims)}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest() if secret else b""
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _public(issuer: Issuer) -> bytes:
    key = issuer.keys["rsa"][0].public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.PEM, kind))


def _attacks(issuer: Issuer) -> dict[str, str]:
    now = int(time.time())
    foreign = rsa.generate_private_key(65537, 2048)
    good = issuer.token()
    head, body, signature = good.split(".")
    own_key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(foreign.public_key()))
    return {
        "expired": issuer.token(exp=now - 3600),
        "not yet valid": issuer.token(nbf=now + 3600),
        "no end": issuer.token(exp=None),
        "an end that is no number": issuer.token(exp="tomorrow"),
        "no subject": issuer.token(sub=None),
        "another audience": issuer.token(aud="another-service"),
        "no audience": issuer.token(aud=None),
        "another issuer": issuer.token(iss="https://issuer.example"),
        "an issuer with this prefix": issuer.token(iss=f"{issuer.url}.example"),
        "alg none": _by_hand({"alg": "none", "kid": "rsa"}, issuer.claims()),
        "alg NONE": _by_hand({"alg": "NONE", "kid": "rsa"}, issuer.claims()),
        "no alg": _by_hand({"kid": "rsa"}, issuer.claims()),
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{signature[::-1]}",
        "other claims": f"{head}.{_segment(issuer.claims(sub='root'))}.{signature}",
        "the public key as a secret": _by_hand(
            {"alg": "HS256", "kid": "rsa"}, issuer.claims(), _public(issuer)
        ),
        "a swapped key": jwt.encode(issuer.claims(), foreign, "RS256", headers={"kid": "rsa"}),
        "a key of its own": jwt.encode(
            issuer.claims(), foreign, "RS256", headers={"kid": "rsa", "jwk": own_key}
        ),
        "a key elsewhere": jwt.encode(
            issuer.claims(), foreign, "RS256", headers={"kid": "rsa", "jku": f"{issuer.url}/keys"}
        ),
        "an unknown key": jwt.encode(issuer.claims(), foreign, "RS256", headers={"kid": "new"}),
        "a key of another kind": jwt.encode(
            issuer.claims(),
            ec.generate_private_key(ec.SECP256R1()),
            "ES256",
            headers={"kid": "rsa"},
        ),
        "critical extension": issuer.token(header={"crit": ["b64"], "b64": False}),
        "no kid": jwt.encode(issuer.claims(), foreign, "RS256"),
        "no JSON": "e30.bm90IGpzb24.AAAA",
        "empty parts": "..",
        "claims that are a list": _by_hand({"alg": "none"}, [1]),
        "very long": f"{head}.{'A' * 7000}.{signature}",
    }


def test_impostors_are_refused_in_words(host: Host, issuer: Issuer) -> None:
    let_in, unclear = [], []
    for name, token in _attacks(issuer).items():
        status, text = ask(host, token)
        if status != 401:
            let_in.append((name, status))
        if "not valid" not in text or token in text:
            unclear.append((name, text))
    assert not let_in
    assert not unclear
    assert "Traceback" not in host.log()


def test_tokens_are_not_in_the_log(host: Host, issuer: Issuer) -> None:
    token = issuer.token()
    ask(host, token)
    assert token not in host.log() and token.split(".")[2] not in host.log()


async def test_a_new_key_of_the_issuer_is_fetched_once(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def fetch(url: str) -> Any:
        asked.append(url)
        await asyncio.sleep(0)
        return issuer.document(url.removeprefix(issuer.url))

    keys = IssuerKeys(issuer.url, fetch)
    assert await keys.find("rsa") is not None
    assert await keys.find("ec") is not None
    assert len(asked) == 2
    assert await keys.find("new") is None
    assert await keys.find("newer") is None  # A stranger cannot make it ask each time.
    assert len(asked) == 2
    monkeypatch.setattr(issuer_keys, "PAUSE_SECONDS", 0)
    issuer.add_key("new", rsa.generate_private_key(65537, 2048), "RS256")
    found = await asyncio.gather(*(keys.find("new") for _ in range(20)))
    assert all(found)
    assert len(asked) == 4  # Shared by all who wait.


async def test_old_keys_count_while_the_issuer_is_away(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(url: str) -> Any:
        if issuer.down:
            raise OSError("nobody there")
        return issuer.document(url.removeprefix(issuer.url))

    monkeypatch.setattr(issuer_keys, "PAUSE_SECONDS", 0)
    keys = IssuerKeys(issuer.url, fetch)
    issuer.down = True
    try:
        with pytest.raises(IssuerUnavailable):
            await keys.find("rsa")
        issuer.down = False
        assert await keys.find("rsa")
        issuer.down = True
        monkeypatch.setattr(issuer_keys, "KEEP_SECONDS", -1)
        assert await keys.find("rsa")
        monkeypatch.setattr(issuer_keys, "STALE_SECONDS", -1)
        with pytest.raises(IssuerUnavailable):
            await keys.find("rsa")
    finally:
        issuer.down = False


async def test_a_configuration_of_another_issuer_is_refused(issuer: Issuer) -> None:
    wrong: Any
    for wrong in (
        {"issuer": "https://issuer.example", "jwks_uri": f"{issuer.url}/keys"},
        {"issuer": issuer.url, "jwks_uri": "http://issuer.example/keys"},
        {"issuer": issuer.url},
        [],
    ):

        async def fetch(_url: str, wrong: Any = wrong) -> Any:
            return wrong

        with pytest.raises(IssuerUnavailable):
            await IssuerKeys(issuer.url, fetch).find("rsa")


@pytest.mark.parametrize(
    ("text", "claims", "expected"),
    [
        ("groups=/vo/users read+predict", {"groups": ["/a", "/vo/users"]}, {"read", "predict"}),
        ("groups=/vo/users read", {"groups": "/vo/users"}, {"read"}),
        ("groups=/vo/users read", {"groups": ["/vo/users/admins"]}, None),
        ("groups=/vo/* read", {"groups": ["/vo/users/admins"]}, {"read"}),
        ("scope=predict predict", {"scope": "openid predict"}, {"predict"}),
        ("a.b.c=x read", {"a": {"b": {"c": ["x"]}}}, {"read"}),
        ("a.b=x read", {"a.b": "x"}, {"read"}),
        ("a.b=x read", {"a": ["b"]}, None),
        ("groups=1 read", {"groups": [1]}, None),
        (
            "entitlements=urn:geant:egi.eu:vo#aai train",
            {"entitlements": ["urn:geant:egi.eu:vo#aai"]},
            {"train"},
        ),
        ("* read", {}, {"read"}),
    ],
)
def test_grants(text: str, claims: dict[str, Any], expected: set[str] | None) -> None:
    principal = principal_from(claims, [parse_grant(text)])
    assert (None if principal is None else set(map(str, principal.rights))) == expected


def test_the_first_grant_counts() -> None:
    grants = [parse_grant("sub=ada train demo"), parse_grant("* read")]
    found = principal_from({"sub": "ada"}, grants)
    assert found is not None
    assert found.models == frozenset(["demo"]) and found.rights == {Right.TRAIN}


def test_names_for_the_log_cannot_forge_lines() -> None:
    found = principal_from({"sub": "a\nb \x1b[31m" + "x" * 200}, [parse_grant("* read")])
    assert found is not None
    assert found.name.startswith("a_b__") and found.name.isprintable() and len(found.name) <= 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "read",
        "groups read",
        "groups= read",
        "groups=* read",
        "=x read",
        "* red",
        "* +",
        "* read,predict",
        "*=x read",
        "a=b read m n",
    ],
)
def test_wrong_grants_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="oidc-grant"):
        parse_grant(text)
