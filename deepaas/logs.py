"""Logging of the host: set up once by the command, never at import."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path

from aiohttp.http_exceptions import HttpProcessingError

from deepaas.errors import ConfigError

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
RECENT_CHARACTERS = 256 * 1024


class RecentLog(logging.Handler):
    """Holds the end of the log for the debug endpoint, never more than a fixed size."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._characters = 0
        self.setFormatter(logging.Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)[-RECENT_CHARACTERS:]
        self._lines.append(line)
        self._characters += len(line) + 1
        while self._characters > RECENT_CHARACTERS and len(self._lines) > 1:
            self._characters -= len(self._lines.popleft()) + 1

    def text(self) -> str:
        """What is held, oldest line first."""
        return "".join(f"{line}\n" for line in list(self._lines))


def _not_the_clients_fault(record: logging.LogRecord) -> bool:
    """Keep out what is no HTTP: anyone can send that, and it is answered with 400."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def set_up(level: str, file: str, *, requests: bool, recent: RecentLog | None) -> None:
    """Send the log where the operator wants it.

    Args:
        level: least level that is logged.
        file: path of the log file, empty for the standard error.
        requests: whether to log every request.
        recent: keeps the end of the log as well, if given.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        handler: logging.Handler = (
            logging.FileHandler(Path(file).expanduser()) if file else logging.StreamHandler()
        )
    except OSError as error:
        raise ConfigError(f"log-file {file!r} cannot be written: {error.strerror}") from None
    handlers = [handler] if recent is None else [handler, recent]
    logging.basicConfig(level=level, format=FORMAT, handlers=handlers, force=True)
    for chatty in ("asyncio", "aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_not_the_clients_fault)
    logging.getLogger("aiohttp.access").setLevel(level if requests else logging.WARNING)
