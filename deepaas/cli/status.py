"""The last line of a terminal while something takes its time: a spinner, or how far it is.

It is drawn only while the cursor stands at the beginning of a line. So it never gets in the way
of what a model prints: not of another bar (as tqdm's), and not of a debugger's prompt.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TextIO

REDRAW_SECONDS = 0.1

_ERASE = "\r\x1b[K"


class Progress:
    """How far something is.

    Attributes:
        step: what is done, None when nobody knows.
        total: of how much, None when nobody knows.
        message: one line.
    """

    def __init__(self, step: float | None, total: float | None, message: str) -> None:
        self.step = step
        self.total = total
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Progress) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        done = "" if self.step is None else f"{self.step:.10g}"
        if done and self.total is not None:
            done += f"/{self.total:.10g}"
        return f"{done} {self.message}".strip()


Ask = Callable[[], Progress | None]
Rest = Callable[[], None]
"""From here on nothing is drawn; what is printed next begins a line. May be called again."""


@contextlib.contextmanager
def status(title: str, ask: Ask | None = None, *, plain: bool = False) -> Iterator[Rest]:
    """Show that something goes on, and how far it is, until its end or until it is told to rest.

    Args:
        title: what it is.
        ask: gives how far it is; None as long as that is not known.
        plain: do not draw, whatever the standard error is.
    """
    shown: contextlib.AbstractContextManager[Rest] = contextlib.nullcontext(lambda: None)
    if not plain and _can_draw():
        shown = _Drawn(title, ask)
    elif ask is not None:
        shown = _Lines(title, ask)
    with shown as rest:
        yield rest


def _can_draw() -> bool:
    # A debugger that has been attached from the start owns the terminal.
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and sys.gettrace() is None


class _Ticking:
    """Does something every now and then on a thread of its own."""

    def __init__(self, ask: Ask | None) -> None:
        self._ask = ask
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deepaas-status", daemon=True)

    def __enter__(self) -> Rest:
        self._thread.start()
        return self.rest

    def __exit__(self, *_: object) -> None:
        self.rest()

    def rest(self) -> None:
        """Do it no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(REDRAW_SECONDS):
            self._tick()

    def _tick(self) -> None:
        raise NotImplementedError


class _Lines(_Ticking):
    """A line for each news, where nothing can be drawn."""

    def __init__(self, title: str, ask: Ask) -> None:
        super().__init__(ask)
        self._title = title
        self._last: Progress | None = None

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._tick()

    def _tick(self) -> None:
        now = self._ask() if self._ask is not None else None
        if now is not None and now != self._last:
            self._last = now
            print(f"{self._title}: {now}", file=sys.stderr, flush=True)


class _Drawn(_Ticking):
    """A line that is drawn again and again."""

    def __init__(self, title: str, ask: Ask | None) -> None:
        super().__init__(ask)
        self._line = _Line(sys.stderr, title)
        self._before: tuple[TextIO, TextIO, Callable[..., str]] | None = None

    def __enter__(self) -> Rest:
        self._before = (sys.stdout, sys.stderr, builtins.input)
        # What is a result has gone elsewhere before: both print to the terminal.
        sys.stdout = _Watched(sys.stdout, self._line)
        sys.stderr = _Watched(sys.stderr, self._line)
        builtins.input = self._line.away_during(builtins.input)
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        assert self._before is not None
        sys.stdout, sys.stderr, builtins.input = self._before

    def rest(self) -> None:
        """Leave nothing of it on the terminal."""
        super().rest()
        self._line.end()

    def _tick(self) -> None:
        self._line.draw(self._ask() if self._ask is not None else None)


class _Line:
    """The line itself."""

    def __init__(self, terminal: TextIO, title: str) -> None:
        from rich import progress
        from rich.console import Console

        self._terminal = terminal
        self._lock = threading.RLock()
        self._is_drawn = False
        self._at_start = True
        self._readers_count = 0
        # A terminal for sure; what NO_COLOR and TERM mean is Rich's business.
        self._console = Console(file=terminal, force_terminal=True)
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.TimeElapsedColumn(),
            console=self._console,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(title, total=None)
        self._columns = (
            progress.BarColumn(bar_width=20),
            progress.TextColumn("{task.fields[said]}", markup=False),
        )

    def draw(self, now: Progress | None) -> None:
        """Draw it as it is now, unless somebody else has the line."""
        with self._lock:
            if not self._at_start or self._readers_count:
                return
            if now is not None:
                self._show(now)
            with self._console.capture() as captured:
                self._console.print(self._bar.get_renderable(), end="", no_wrap=True, crop=True)
            line = captured.get().split("\n")[0]
            # The cursor goes back, so that what C libraries print lies over it.
            self._put(f"{_ERASE}{line}\r")
            self._is_drawn = True

    def erase(self) -> None:
        """Leave nothing of it."""
        with self._lock:
            if self._is_drawn:
                self._put(_ERASE)
                self._is_drawn = False

    def end(self) -> None:
        """Leave nothing of it, and the cursor at the beginning of a line."""
        with self._lock:
            self.erase()
            if not self._at_start:
                self._put("\n")
                self._at_start = True

    def write(self, stream: TextIO, text: str) -> int:
        """Print something else."""
        with self._lock:
            if text:
                self.erase()
                self._at_start = text.endswith("\n")
            count = stream.write(text)
            stream.flush()
            return count

    def away_during(self, read: Callable[..., str]) -> Callable[..., str]:
        """The same function, without the line while it waits for somebody to type."""

        def wrapped(*args: Any) -> str:
            with self._lock:
                self.erase()
                self._readers_count += 1
            try:
                return read(*args)
            finally:
                self._readers_count -= 1
                self._at_start = True

        return wrapped

    def _show(self, now: Progress) -> None:
        if len(self._bar.columns) == 3:
            spinner, title, elapsed = self._bar.columns
            self._bar.columns = (spinner, title, self._columns[0], self._columns[1], elapsed)
        self._bar.update(self._task, completed=now.step, total=now.total, said=str(now))

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._terminal.write(text)
            self._terminal.flush()


class _Watched:
    """A stream to the terminal that has the line erased before it prints."""

    def __init__(self, stream: TextIO, line: _Line) -> None:
        self._stream = stream
        self._line = line

    def write(self, text: str) -> int:
        return self._line.write(self._stream, text)

    def writelines(self, lines: Any) -> None:
        for one in lines:
            self.write(one)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
