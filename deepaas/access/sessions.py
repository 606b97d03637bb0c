"""Who is logged in: a session is a signed cookie, and ends with its key.

Nothing about it is kept on the host, so sessions survive a restart, and all hosts with the same
state directory accept them. Only those that were ended by logging out are remembered until they
would have ended anyway, by the host at which that was done.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
import secrets
import time
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from deepaas.access.key_ring import KeyRing
from deepaas.access.keys import PREFIX, lookup
from deepaas.access.principal import Principal
from deepaas.access.tokens import Signer

_log = logging.getLogger(__name__)

SECONDS = 8 * 3600.0
"""From logging in on."""

IDLE_SECONDS = 3600.0
"""Since the last visit."""

RENEW_SECONDS = 300.0
"""How often a visit is noted in the cookie."""

SECRET_NAME = "session-secret"
SECRET_BYTES = 32

MAX_ENDED_COUNT = 10_000


class LoginSession(NamedTuple):
    """Attributes:
    id: random.
    key: the part of its key that is not secret; empty if there is none.
    proof: which key it was, also if another one gets the same name.
    began: the time of logging in.
    seen: the last visit that the cookie knows of.
    """

    id: str
    key: str
    proof: str
    began: float
    seen: float


class Sessions:
    def __init__(self, ring: KeyRing, secret: bytes) -> None:
        self._ring = ring
        self._secret = secret
        self._signer = Signer(secret, "session")
        self._ended: OrderedDict[str, None] = OrderedDict()

    def begin(self, key: str) -> tuple[str, Principal] | None:
        """Return a cookie, and who is logged in; None if the key is not valid."""
        name = lookup(key) if key.startswith(PREFIX) else ""
        found = self._ring.holder(name, key)
        if found is None:
            return None
        digest, principal = found
        now = time.time()
        session = LoginSession(secrets.token_hex(8), name, self._proof(digest), now, now)
        return self._signed(session, now), principal

    def read(self, cookie: str) -> tuple[LoginSession, Principal] | None:
        """Return a session and whose it is; None if it has ended, or never was."""
        content = self._signer.read(cookie)
        if content is None:
            return None
        session = LoginSession(*content)
        if session.id in self._ended:
            return None
        found = self._ring.holder(session.key)
        if found is None or not hmac.compare_digest(self._proof(found[0]), session.proof):
            return None  # Revoked, expired or rotated.
        return session, found[1]

    def renewed(self, session: LoginSession) -> str:
        """Return a cookie that knows of this visit; empty if that is not necessary."""
        now = time.time()
        if now - session.seen < RENEW_SECONDS:
            return ""
        return self._signed(session._replace(seen=now), now)

    def end(self, cookie: str) -> None:
        if (found := self.read(cookie)) is not None:
            self._ended[found[0].id] = None
            if len(self._ended) > MAX_ENDED_COUNT:
                self._ended.popitem(last=False)

    def _signed(self, session: LoginSession, now: float) -> str:
        return self._signer.sign(session, min(session.began + SECONDS - now, IDLE_SECONDS))

    def _proof(self, digest: bytes) -> str:
        return hmac.new(self._secret, digest, "sha256").hexdigest()[:32]


def open_secret(folder: Path) -> bytes:
    """Return the secret of all hosts with this state directory; it is created if necessary.

    Without a folder that can be written, it is one for this process only.
    """
    path = folder / SECRET_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Complete before it has its name: another host may be starting too.
            draft = path.with_name(f".{SECRET_NAME}-{secrets.token_hex(4)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(SECRET_BYTES))
                os.link(draft, path)
            finally:
                draft.unlink()
        found = path.read_bytes()
        is_private = not path.stat().st_mode & 0o077
    except OSError as error:
        _log.warning("sessions end with this host: %s: %s", path, error.strerror)
        return secrets.token_bytes(SECRET_BYTES)
    if len(found) != SECRET_BYTES or not is_private:
        _log.error("%s is not used: it is incomplete, or others can read it; remove it", path)
        return secrets.token_bytes(SECRET_BYTES)
    return found
