"""Takes its process with it."""

import ctypes
import os
import resource
import signal
import sys
import threading

from webargs import fields


def out_of_memory():
    """What the kernel does to a process that takes too much, without taking it from the others."""
    resource.setrlimit(resource.RLIMIT_AS, (2**29, resource.RLIM_INFINITY))
    hoard = []
    try:
        while True:
            hoard.append(bytearray(2**26))
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)


def exit_with_a_thread():
    """A thread of the model's keeps the interpreter from ending."""
    threading.Thread(target=threading.Event().wait).start()
    sys.exit()


CASES = {
    "sys_exit_with_a_thread": exit_with_a_thread,
    "sys_exit": lambda: sys.exit(),
    "sys_exit_0": lambda: sys.exit(0),
    "sys_exit_text": lambda: sys.exit("no more"),
    "os_exit": lambda: os._exit(3),
    "os_exit_0": lambda: os._exit(0),
    "segfault": lambda: ctypes.string_at(0),
    "abort": lambda: os.abort(),
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "sigterm": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "out_of_memory": out_of_memory,
    "nothing": lambda: None,
}


def get_predict_args():
    return {"how": fields.Str(required=True, enum=list(CASES))}


def predict(**kwargs):
    CASES[kwargs["how"]]()
    return {"pid": os.getpid()}
