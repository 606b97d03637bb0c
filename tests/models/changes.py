"""Changes what belongs to the whole process; the next calls come with files all the same."""

import gc
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile

from webargs import fields


def folder():
    path = tempfile.mkdtemp()
    os.chdir(path)
    shutil.rmtree(path)


def environment():
    os.environ.clear()
    os.environ["TMPDIR"] = "/nonexistent"
    tempfile.tempdir = None


def signals():
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


def loggers():
    logging.disable(logging.CRITICAL)
    logging.basicConfig(handlers=[], force=True)


def standard():
    sys.stdout = sys.stderr = sys.stdin = None


CASES = {
    "folder": folder,
    "environment": environment,
    "signals": signals,
    "standard": standard,
    "loggers": loggers,
    "socket_timeout": lambda: socket.setdefaulttimeout(0.0001),
    "recursion": lambda: sys.setrecursionlimit(120),
    "paths": lambda: sys.path.clear(),
    "collector": lambda: (gc.disable(), gc.freeze()),
    "session": lambda: os.getpid() != os.getsid(0) and os.setpgid(0, 0),
    "nothing": lambda: None,
}


def get_predict_args():
    return {
        "what": fields.Str(missing="nothing", enum=list(CASES)),
        "data": fields.Field(type="file", location="form"),
    }


def predict(**kwargs):
    size = None
    if kwargs.get("data") is not None:
        with open(kwargs["data"].filename, "rb") as file:
            size = len(file.read())
    CASES[kwargs["what"]]()
    return {"pid": os.getpid(), "size": size}
