"""The interpreter as a model's code finds it: that of ``python -c``, with nothing of ours in it."""

from __future__ import annotations

import builtins
import contextlib
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
"""What Python does at those that a worker has handlers for."""


def hide_command() -> None:
    """Let ``sys.argv`` and ``__main__`` be those of ``python -c``: ``argparse`` would find strange
    options; ``multiprocessing`` and launchers of trainings would start this program again."""
    sys.argv[:] = ["-c"]
    sys.orig_argv[1:] = ["-c", ""]
    main = types.ModuleType("__main__")
    main.__loader__ = importlib.machinery.BuiltinImporter
    vars(main).update(__builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main


def keep_from_children(*descriptors: int) -> None:
    """Open these for nobody but this process and its forks: a program that a model starts by
    ``os.system``, say, would hold them open for ever."""
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)


def hold_signals() -> None:
    """Let only the host decide when a worker ends."""
    # Handlers rather than SIG_IGN, because the programs that a model starts would inherit that.
    for number in _HELD:
        signal.signal(number, lambda *_: None)
    # Processes that the model forks inherit the handlers; pools of them are ended by SIGTERM. What
    # comes before theirs are the usual ones has to wait: one of ours would swallow it.
    before: dict[int, set[int]] = {}  # By thread: each has a mask of its own, and may fork.

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
