"""Replaces the certificate while the host runs: connections that are open keep theirs."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time

from deepaas.web.tls import LoadedCertificate, TlsBroken, TlsFiles, load

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
SOON_SECONDS = 7 * 24 * 3600.0
"""So long before it expires, the log warns."""


class Certificate:
    """Reads the files again once they have changed. What cannot be used replaces nothing."""

    def __init__(self, files: TlsFiles) -> None:
        """Load it; ``TlsBroken`` if that fails."""
        self._files = files
        self._state: object = files.state()
        self._failed: object = None
        self._told: object = None
        self._has_warned = False
        self._loaded = load(files)
        if self._loaded.doubt:
            _log.warning("--tls-cert: clients may refuse %s: %s", *self._named(self._loaded))

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection."""
        return self._loaded.context

    @property
    def ends(self) -> float:
        """When it expires, in seconds since the epoch."""
        return self._loaded.ends

    async def watch(self) -> None:
        """Look once a second, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()
            self._warn_in_time()

    async def reload(self) -> None:
        """Read the files now, whether they have changed or not."""
        self._told = None
        await self._replace(await asyncio.to_thread(self._files.state), is_asked=True)

    async def _look(self) -> None:
        state = await asyncio.to_thread(self._files.state)
        if state not in (self._state, self._told):
            await self._replace(state)

    async def _replace(self, state: object, *, is_asked: bool = False) -> None:
        try:
            found = await asyncio.to_thread(load, self._files)
            if found.doubt and not self._loaded.doubt:
                raise TlsBroken(f"{self._files.certificate}: {found.doubt}")
        except TlsBroken as error:
            # Seen half-written, it is whole a second later.
            if is_asked or state == self._failed:
                self._told = state
                _log.error(
                    "--tls-cert: the old certificate stays in use, because %s; replace the files, "
                    "and they will be read again",
                    error,
                )
            self._failed = state
            return
        self._state, self._loaded = state, found
        self._failed = self._told = None
        self._has_warned = False
        _log.info("read the TLS certificate again: new connections get it")

    def _warn_in_time(self) -> None:
        left_seconds = self._loaded.ends - time.time()
        if left_seconds < SOON_SECONDS and not self._has_warned and not self._loaded.doubt:
            self._has_warned = True
            _log.warning(
                "--tls-cert: %s expires in %.0f hours", self._files.certificate, left_seconds / 3600
            )

    def _named(self, loaded: LoadedCertificate) -> tuple[str, str]:
        return str(self._files.certificate), loaded.doubt
