"""Does not come back."""

import ctypes
import os
import re
import signal
import threading
import time

from webargs import fields


def sleep():
    while True:
        time.sleep(3600)


def stubborn():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            time.sleep(3600)
        except BaseException:
            continue


def regex():
    """Catastrophic backtracking, in C, without letting go of the interpreter."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def held():
    """In C, without letting go of the interpreter, and without looking at signals."""
    ctypes.PyDLL(None).pause()


CASES = {
    "sleep": sleep,
    "stubborn": stubborn,
    "regex": regex,
    "held": held,
    "lock": lambda: threading.Semaphore(0).acquire(),
    "stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "nothing": lambda: None,
}


def get_metadata():
    return {"name": "blocks", "description": "Does not come back"}


def get_predict_args():
    return {"how": fields.Str(required=True, enum=list(CASES))}


def predict(**kwargs):
    if kwargs["how"] != "nothing":
        with open(os.path.join(os.environ["DEEPAAS_TEST_DIR"], "journal"), "a") as journal:
            journal.write(kwargs["how"] + "\n")
    CASES[kwargs["how"]]()
    return {"pid": os.getpid()}
