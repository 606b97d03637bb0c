"""The certificate of the host: read from PEM files, and tried before it is used."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_EXPIRED, _NOT_YET = 10, 9
"""OpenSSL's numbers: ``X509_V_ERR_CERT_HAS_EXPIRED``, ``…_NOT_YET_VALID``."""

_ROUND_TRIPS = 4


class TlsBroken(Exception):
    """The files cannot be used; the message says what to do."""


@dataclass(frozen=True)
class TlsFiles:
    """Where to read from.

    Attributes:
        key: can be the same file as the certificate.
        password: returns that of the key, empty if there is none; ``OSError`` if it is in a file
            that cannot be read.
        client_ca: clients need a certificate that one of these has signed; None if they do not.
        clients_may: whether a client without a certificate is accepted.
    """

    certificate: Path
    key: Path
    password: Callable[[], str]
    client_ca: Path | None = None
    clients_may: bool = False

    def state(self) -> tuple[object, ...]:
        """Differs once a file has been replaced, or what a symlink leads to."""
        return tuple(map(_state, (self.certificate, self.key, self.client_ca)))


def _state(path: Path | None) -> object:
    try:
        found = path and path.stat()
    except OSError as error:
        return error.errno
    return found and (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class LoadedCertificate:
    """Attributes:
    ends: when it expires, in seconds since the epoch; 0 if it already has.
    doubt: why clients may refuse it; empty if nothing is wrong.
    """

    context: ssl.SSLContext
    ends: float
    doubt: str


def load(files: TlsFiles) -> LoadedCertificate:
    """Read the files. This takes milliseconds, or a second for an encrypted key.

    Raises:
        TlsBroken: they do not belong together, or cannot be read.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    chain = _text(files.certificate)
    if _END not in chain or _BEGIN not in chain:
        raise TlsBroken(f"{files.certificate} contains no complete certificate in PEM format")
    _text(files.key)
    try:
        password = files.password()
        context.load_cert_chain(files.certificate, files.key, lambda: password)
    except ssl.SSLError as error:
        raise TlsBroken(_reason(files, error)) from None
    except (OSError, ValueError) as error:
        raise TlsBroken(f"{files.key}: {error}") from None
    if files.client_ca is not None:
        _text(files.client_ca)
        try:
            context.load_verify_locations(files.client_ca)
        except ssl.SSLError:
            raise TlsBroken(f"{files.client_ca} contains no certificates in PEM format") from None
        context.verify_mode = ssl.CERT_OPTIONAL if files.clients_may else ssl.CERT_REQUIRED
    leaf = chain[chain.index(_BEGIN) : chain.index(_END) + len(_END)]
    return LoadedCertificate(context, *_tried(context, leaf))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise TlsBroken(f"{path} cannot be read: {error.strerror}") from None


def _reason(files: TlsFiles, error: ssl.SSLError) -> str:
    told = error.reason or ""
    if told == "KEY_VALUES_MISMATCH":
        return f"the key in {files.key} does not belong to the certificate in {files.certificate}"
    if told in ("BAD_DECRYPT", "BAD_PASSWORD_READ", "PASSWORD_REQUIRED") or not told:
        return f"the key in {files.key} cannot be read: is it complete, and its password right?"
    if told.endswith(("_TOO_SMALL", "_TOO_WEAK")):
        return f"{files.certificate} is too weak: {told.replace('_', ' ').lower()}"
    return f"{files.certificate} or {files.key} is not complete, or not in PEM format"


def _tried(context: ssl.SSLContext, leaf: str) -> tuple[float, str]:
    """When it ends, and what a client would say of it, apart from names and its issuer."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        trusting.load_verify_locations(cadata=leaf)
        client = trusting.wrap_bio(back, there)
        server = context.wrap_bio(there, back, server_side=True)
        for _ in range(_ROUND_TRIPS):
            if _steps(client):
                break
            _steps(server)
        found = client.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in (_EXPIRED, _NOT_YET):
            return 0.0, error.verify_message
        return time.time(), error.verify_message
    except (ssl.SSLError, ValueError) as error:
        return 0.0, str(error)
    return ssl.cert_time_to_seconds(str(found["notAfter"])), ""


def _steps(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def client_subject(request: web.BaseRequest) -> str:
    """The common name in the client's certificate, for logs; empty if it has shown none."""
    transport = request.transport
    shown = transport.get_extra_info("peercert") if transport is not None else None
    for names in (shown or {}).get("subject", ()):
        for kind, name in names:
            if kind == "commonName":
                return str(name)[:200]
    return ""
