"""Makes the interpreter look like ``python -c`` to the model's code."""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib.machinery
import os
import signal
import sys
import threading
import types
from typing import Any

_HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_USUAL: dict[int, Any] = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGUSR1: signal.SIG_DFL,
}
"""Python's defaults for the signals that a worker handles."""


def hide_command() -> None:
    """Make ``sys.argv`` and ``__main__`` those of ``python -c``: ``argparse`` would find unknown
    options; ``multiprocessing`` and training launchers would start this program again."""
    sys.argv[:] = ["-c"]
    sys.orig_argv[1:] = ["-c", ""]
    main = types.ModuleType("__main__")
    main.__loader__ = importlib.machinery.BuiltinImporter
    vars(main).update(__builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main


def leave_out_of_collections() -> None:
    """Make garbage collections pass over all that exists. DEEPaaS's own modules are never garbage,
    and looking through them at the end alone takes a tenth of a worker's start."""
    gc.freeze()


def keep_from_children(*descriptors: int) -> None:
    """Do not pass these descriptors on: a program that a model starts, for example with
    ``os.system``, would keep them open."""
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)


def hold_signals() -> None:
    """Ignore signals, so that only the host ends a worker."""
    # Handlers instead of SIG_IGN, because programs that a model starts would inherit that.
    for number in _HELD:
        signal.signal(number, lambda *_: None)
    # Forked processes inherit the handlers, but pools end theirs with SIGTERM. Until their handlers
    # are restored, signals are blocked, because our handlers would ignore them.
    before: dict[int, set[int]] = {}  # By thread: each has its own mask, and may fork.

    def block() -> None:
        before[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, _USUAL)

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before.pop(threading.get_ident()))

    def release() -> None:
        for number, usual in _USUAL.items():
            with contextlib.suppress(ValueError):  # Not in the child's main thread.
                signal.signal(number, usual)
        unblock()

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=release)
