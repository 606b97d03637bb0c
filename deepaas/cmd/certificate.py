"""The certificate of the options ``--tls-…``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deepaas.errors import ConfigError
from deepaas.settings import Settings

if TYPE_CHECKING:
    from deepaas.web.certificate import Certificate


def certificate_of(settings: Settings) -> Certificate | None:
    """Load it; None without ``--tls-cert``. ``ConfigError`` if it cannot be used."""
    if not settings.tls_cert:
        for name in ("tls_key", "tls_client_ca", "tls_key_password_file"):
            if getattr(settings, name):
                raise ConfigError(f"--{name.replace('_', '-')}: this needs --tls-cert")
        return None
    # Imported late: a host without TLS does not need it.
    from deepaas.web.certificate import Certificate
    from deepaas.web.tls import TlsBroken, TlsFiles

    def password() -> str:
        if settings.tls_key_password_file:
            return Path(settings.tls_key_password_file).expanduser().read_text().rstrip("\r\n")
        return os.environ.get("DEEPAAS_TLS_KEY_PASSWORD", "")

    files = TlsFiles(
        Path(settings.tls_cert).expanduser(),
        Path(settings.tls_key or settings.tls_cert).expanduser(),
        password,
        Path(settings.tls_client_ca).expanduser() if settings.tls_client_ca else None,
        settings.tls_client_auth == "optional",
    )
    try:
        return Certificate(files)
    except TlsBroken as error:
        raise ConfigError(f"--tls-cert: {error}") from None
