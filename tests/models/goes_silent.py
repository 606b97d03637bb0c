"""A thread of it keeps all others from running, once it is asked to."""

import os
import re
import threading

from webargs import fields


def get_predict_args():
    return {"silent": fields.Bool(load_default=False)}


def hold():
    re.match("^(a+)+$", "a" * 60 + "!")


def predict(silent):
    if silent:
        threading.Timer(0.5, hold).start()
    return {"pid": os.getpid()}
