"""Raises whatever it is asked for, or ends its process."""

import os
import signal
import sys

from aiohttp import web
from webargs import fields


class TwoArguments(Exception):
    """Cannot be rebuilt from its `args`."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def throw(error, *args, **kwargs):
    raise error(*args, **kwargs)


ACTS = {
    "nothing": lambda: "calm",
    "HTTPBadRequest": lambda: throw(web.HTTPBadRequest, reason="no such weights"),
    "HTTPNotFound": lambda: throw(web.HTTPNotFound, reason="no such image"),
    "HTTPServiceUnavailable": lambda: throw(web.HTTPServiceUnavailable, reason="no GPU"),
    "HTTPException": lambda: throw(web.HTTPException, reason=ValueError("an error object")),
    "TwoArguments": lambda: throw(TwoArguments, "one", "two"),
    "NotImplementedError": lambda: throw(NotImplementedError, "not yet"),
    "ValueError": lambda: throw(ValueError, "a plain one"),
    "sys.exit": lambda: sys.exit(0),
    "os._exit": lambda: os._exit(0),
    "KeyboardInterrupt": lambda: throw(KeyboardInterrupt),
    "abort": os.abort,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


def get_predict_args():
    return {"act": fields.Str(missing="nothing")}


def predict(act):
    return ACTS[act]()
