"""Log files, which can be renamed or removed at any time, as logrotate does."""

from __future__ import annotations

import os
from pathlib import Path

from deepaas.errors import ConfigError
from deepaas.outlet import Outlet

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class LogFile(Outlet):
    """A file to which writes never block. It is opened again if its path is another file now."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError``."""
        self._path = path
        super().__init__(_open(path))

    def _put(self, text: str) -> bool:
        # Here, in the thread, because the disk may hang.
        if self._is_moved():
            self._open_again()
        return super()._put(text)

    def _is_moved(self) -> bool:
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(self.fileno()))
        except OSError:
            return True

    def _open_again(self) -> None:
        try:
            descriptor = _open(self._path)
        except OSError:
            return  # For example the folder is missing: the old file is better than none.
        os.dup2(descriptor, self.fileno(), inheritable=False)
        os.close(descriptor)


def open_log_file(option: str, path: str) -> LogFile:
    """Raises ``ConfigError``. ``option``: which asks for it."""
    try:
        file = LogFile(Path(path).expanduser().absolute())
    except OSError as error:
        raise ConfigError(f"{option} {path!r} cannot be written: {error.strerror}") from None
    file.drain_at_exit()
    return file


def _open(path: Path) -> int:
    return os.open(path, _FLAGS, 0o666)
