"""A thread of it keeps all others from running, once it is asked to."""

import ctypes
import os
import threading

from webargs import fields


def get_predict_args():
    return {"silent": fields.Bool(load_default=False)}


def hold():
    """Sleep with the interpreter's lock in hand, which `time.sleep` would let go of."""
    ctypes.PyDLL(None).sleep(600)


def predict(silent):
    if silent:
        threading.Timer(0.5, hold).start()
    return {"pid": os.getpid()}
