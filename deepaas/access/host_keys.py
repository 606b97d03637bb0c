"""The keys of a running host: where they come from, and how it follows changes of their file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from deepaas.access.key_file import KeysUnreadable, read
from deepaas.access.key_ring import ENVIRONMENT, KeyRing
from deepaas.errors import ConfigError

_log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

MIN_LENGTH = 16
"""A shorter key in the environment can be guessed; its operator is warned."""

_Seen = tuple[int, int, int] | None


class HostKeys:
    """The keys that a host accepts; none are accepted if the file is empty."""

    def __init__(self, path: Path | None, given: str) -> None:
        self._path = path
        self._seen = _seen(path)
        self._trouble = ""
        self.ring = KeyRing(() if path is None else read(path), given)

    async def follow(self) -> None:
        """Read the file again whenever it has changed, until this is cancelled."""
        while self._path is not None:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                # In a thread: the file may be on a network.
                await asyncio.to_thread(self._look, self._path)
            except Exception as error:  # Also without threads or descriptors, for a while.
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else str(error)
        if reason != self._trouble:
            message = "%s: could not read keys: %s; the keys that were read before still apply"
            _log.error(message, self._path, reason)
        self._trouble = reason

    def _look(self, path: Path) -> None:
        seen = _seen(path)
        if seen == self._seen and not self._trouble:
            return
        found = read(path)
        self.ring.replace(found)
        self._seen, self._trouble = seen, ""
        _log.info("%s: read %s keys", path, len(found))


def open_keys(path: Path | None, must_exist: bool, given: str) -> HostKeys | None:
    """Return the keys of a host; None if it has none and is open: no key, and no file of keys.

    Raises:
        ConfigError: the file is broken, or must exist and does not.
    """
    try:
        return HostKeys(path, given)
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(
                f"--keys-file: {str(path)!r} does not exist: create a key with 'deepaas-cli keys'"
            ) from None
        return HostKeys(None, given) if given else None
    except KeysUnreadable as error:
        raise ConfigError(f"could not read keys from {str(path)!r}: {error}") from None


def given_key(environment: Mapping[str, str], file: str) -> str:
    """Return the key that the operator has given to the host itself, or an empty text.

    Raises:
        ConfigError: it is empty, or cannot be used.
    """
    found = environment.get(ENVIRONMENT)
    if file:
        if found is not None:
            raise ConfigError(f"use either {ENVIRONMENT} or --api-key-file, not both")
        try:
            found = Path(file).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not ASCII text"
            raise ConfigError(f"--api-key-file: could not read {file!r}: {reason}") from None
    if found is None:
        return ""
    key = found.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        # A host whose key is missing by mistake must not be open.
        where = f"the file {file!r}" if file else f"the variable {ENVIRONMENT}"
        raise ConfigError(f"{where} must contain a key in ASCII, without spaces")
    if len(key) < MIN_LENGTH:
        _log.warning("the API key is too short: others can guess it; use 32 random characters")
    return key


def _seen(path: Path | None) -> _Seen:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_ino, found.st_size)
