"""Logging of the host: set up once by the command, never at import.

Text from models and clients cannot forge records, and logging never blocks (see
:mod:`deepaas.outlet`).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections import deque
from types import TracebackType
from typing import TextIO

from deepaas.log_file import open_log_file
from deepaas.outlet import Outlet
from deepaas.visible import visible

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
SHORT = "%(asctime)s %(levelname)s %(message)s"
RECENT_CHARACTERS = 256 * 1024
CONTINUED = "\n  "
"""Further lines of a record are indented, so that a line that is not begins a record."""

_DIM, _RED, _YELLOW, _PLAIN = "\x1b[2m", "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


class RecordFormatter(logging.Formatter):
    """Formats a record so that its message cannot forge other records."""

    def __init__(self, form: str = FORMAT, time: str | None = None) -> None:
        super().__init__(form, time)

    def format(self, record: logging.LogRecord) -> str:
        text = visible(super().format(record).rstrip("\n"))
        return text.replace("\n", CONTINUED)


class TerminalFormatter(RecordFormatter):
    """The same for terminals: with the time of day, and the level in colour."""

    def __init__(self) -> None:
        super().__init__(SHORT, "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        time, level, text = super().format(record).split(" ", 2)
        if record.levelno == logging.INFO:
            return f"{_DIM}{time}{_PLAIN} {text}"
        colour = _RED if record.levelno >= logging.ERROR else _YELLOW
        if record.levelno < logging.INFO:
            return f"{_DIM}{time} {level} {record.name}: {text}{_PLAIN}"
        return f"{_DIM}{time}{_PLAIN} {colour}{level.lower()}{_PLAIN} {text}"


def for_people(stream: Outlet | TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and they are not disabled.

    `NO_COLOR`: https://no-color.org/
    """
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in (None, "", "dumb")
    return wanted and stream.isatty()


class RecentLog(logging.Handler):
    """Keeps the end of the log for the debug endpoint, up to a fixed size."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque()
        self._characters = 0
        self.setFormatter(RecordFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if len(line) > RECENT_CHARACTERS:
            # The ellipsis keeps the rest from looking like the beginning of a record.
            line = f"…{line[1 - RECENT_CHARACTERS :]}"
        self._lines.append(line)
        self._characters += len(line) + 1
        while self._characters > RECENT_CHARACTERS and len(self._lines) > 1:
            self._characters -= len(self._lines.popleft()) + 1

    def text(self) -> str:
        return "".join(f"{line}\n" for line in list(self._lines))


def set_up(level: str, file: str, *, recent: RecentLog | None, form: str = TEXT) -> None:
    """Send the log to the chosen place; ConfigError if the file cannot be written.

    `form`: one of ``FORMATS``. As JSON, this includes errors of this program and warnings.
    """
    outlet = open_log_file("log-file", file) if file else sys.stderr
    formatter = _formatter(form, outlet)
    if isinstance(outlet, Outlet):
        outlet.dropped = lambda count: f"{formatter.format(_dropped(count))}\n"
    handler = logging.StreamHandler(outlet)
    handler.setFormatter(formatter)
    handlers = [handler] if recent is None else [handler, recent]
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for chatty in ("asyncio", "aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns about malformed headers and quotes them, and Python keeps all warnings in memory.
    warnings.filterwarnings("ignore", module=r"aiohttp\.")
    if form == JSON:
        logging.captureWarnings(capture=True)
        sys.excepthook = _log_uncaught
        threading.excepthook = lambda told: _log_uncaught(
            told.exc_type, told.exc_value, told.exc_traceback
        )


def last_words(text: str, form: str) -> None:
    """Say why this program ends, before or after the log has been set up."""
    if form == JSON:
        from deepaas.json_lines import JsonFormatter

        text = JsonFormatter().format(_record(logging.CRITICAL, text))
    print(visible(text), file=sys.stderr)


def _formatter(form: str, outlet: Outlet | TextIO) -> logging.Formatter:
    if form == JSON:
        from deepaas.json_lines import JsonFormatter

        return JsonFormatter()
    return TerminalFormatter() if for_people(outlet) else RecordFormatter()


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("deepaas").critical("internal error", exc_info=(kind, error, trace))


def _dropped(count: int) -> logging.LogRecord:
    message = "%d log records were dropped here: the reader was too slow, or the disk was full"
    return _record(logging.WARNING, message % count)


def _record(level: int, message: str) -> logging.LogRecord:
    name = logging.getLevelName(level)
    return logging.makeLogRecord(
        {"name": "deepaas", "levelno": level, "levelname": name, "msg": message}
    )
