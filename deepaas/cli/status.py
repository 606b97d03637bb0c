"""Shows what is running, and its progress, on the terminal.

Rich draws only if nothing else writes to the terminal. While code of a model runs, which may print,
start programs or open a debugger, whole lines are printed instead, as if standard error is not a
terminal.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepaas.visible import visible

if TYPE_CHECKING:
    from rich.live import Live

REDRAWS_PER_SECOND = 10
LOOK_SECONDS = 0.1
LINE_SECONDS = 1.0
"""Minimum time between two lines."""


@dataclass(frozen=True)
class ProgressLine:
    """The progress of a task; unknown numbers are None."""

    step: float | None
    total: float | None
    message: str

    def __str__(self) -> str:
        done = "" if self.step is None else f"{self.step:.10g}"
        if done and self.total is not None:
            done += f"/{self.total:.10g}"
        return f"{done} {self.message}".strip()


Ask = Callable[[], ProgressLine | None]
Rest = Callable[[], None]
"""Stops drawing; the next output starts a new line. Can be called again."""


@contextlib.contextmanager
def status(title: str, ask: Ask | None = None, *, plain: bool = False) -> Iterator[Rest]:
    """Show that a task is running, and its progress, until it ends or the result is called.

    ``plain`` draws nothing, even on a terminal.
    """
    if not plain and _can_draw():
        with _drawn(title, ask) as live:
            yield live.stop
    else:
        with _in_lines(title, ask):
            yield lambda: None


@contextlib.contextmanager
def announced(title: str, ask: Ask | None = None, *, plain: bool = False) -> Iterator[None]:
    """Show the same as lines, for a task that uses the terminal itself."""
    if not plain and _can_draw():
        _print(title)
    with _in_lines(title, ask):
        try:
            yield
        finally:
            # Flush unfinished lines before the next output.
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()


def _can_draw() -> bool:
    # A debugger uses the terminal.
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and sys.gettrace() is None


def _drawn(title: str, ask: Ask | None) -> Live:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    # It is a terminal; Rich handles NO_COLOR and TERM.
    console = Console(stderr=True, force_terminal=True)
    name = TextColumn("{task.description}", markup=False)
    spinner, elapsed = SpinnerColumn(), TimeElapsedColumn()
    told = (BarColumn(bar_width=20), TextColumn("{task.fields[said]}", markup=False))
    bar = Progress(spinner, name, elapsed, console=console, auto_refresh=False)
    task = bar.add_task(title, total=None, said="")

    def line() -> RenderableType:
        now = ask() if ask is not None else None
        if now is not None:
            bar.columns = (spinner, name, *told, elapsed)
            bar.update(task, completed=now.step, total=now.total, said=str(now))
        return bar.get_renderable()

    return Live(
        get_renderable=line,
        console=console,
        refresh_per_second=REDRAWS_PER_SECOND,
        transient=True,
        # Nothing else prints, and redirected streams would break partial lines.
        redirect_stdout=False,
        redirect_stderr=False,
    )


@contextlib.contextmanager
def _in_lines(title: str, ask: Ask | None) -> Iterator[None]:
    if ask is None:
        yield
        return
    ended = threading.Event()
    news = _News(title, ask)

    def watch() -> None:
        while not ended.wait(LINE_SECONDS if news.tell() else LOOK_SECONDS):
            pass

    thread = threading.Thread(target=watch, name="deepaas-status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        news.tell()


class _News:
    def __init__(self, title: str, ask: Ask) -> None:
        self._title = title
        self._ask = ask
        self._last: ProgressLine | None = None

    def tell(self) -> bool:
        now = self._ask()
        if now is None or now == self._last:
            return False
        self._last = now
        _print(f"{self._title}: {now}")
        return True


def _print(line: str) -> None:
    # In one write: a model may be printing.
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{visible(line)}\n")
        sys.stderr.flush()
