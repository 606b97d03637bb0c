"""Our host beside DEEPaaS 2.6.0, or beside what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .hosts import Host, started, wait_until_ready
from .peer import our_program, peer_program
from .tape import LIVE, RECORDING, Tape

START_SECONDS = 240
"""DEEPaaS 2.6.0 takes its time with many models."""

Pair = tuple[Tape, Host]
"""Theirs and ours."""

Program = Callable[[], Path]
PROGRAMS = [our_program, *([peer_program] if LIVE else [])]
"""For tests of what both must do. DEEPaaS 2.6.0 is known to do it, and shows it in `make soak`."""


@contextmanager
def serving_both(
    name: str,
    models: Mapping[str, str],
    folder: Path,
    *options: str,
    base_path: str = "",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Pair]:
    """Two hosts of one set-up, started side by side.

    Args:
        name: what the answers of DEEPaaS 2.6.0 are kept by.
        models: entry points.
        folder: for all that they write.
        options: more of the command line.
        base_path: where their paths begin.
        environment: more of the environment.
    """
    if base_path:
        options = (*options, "--base-path", base_path)
    with ExitStack() as stack:

        def start(program: Path, name: str) -> Host:
            host = started(program, models, folder / name, *options, environment=environment)
            return stack.enter_context(host)

        theirs = start(peer_program(), "theirs") if LIVE else None
        tape, ours = Tape(name, theirs), start(our_program(), "ours")
        for host in (theirs, ours):
            if host is not None:
                wait_until_ready(host, base_path, START_SECONDS)
        yield tape, ours
        if RECORDING:
            tape.write()
