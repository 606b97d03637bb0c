"""Raises every kind of exception, the odd ones included."""

import threading

from aiohttp.web import HTTPBadRequest, HTTPException, HTTPInsufficientStorage, HTTPNotFound
from webargs import fields


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.lock = threading.Lock()


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text for you")

    __repr__ = __str__


class OfBase(BaseException):
    pass


def cause():
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise RuntimeError("outer") from error


def object_as_reason():
    """What many public packages do."""
    try:
        raise ValueError("an object as reason")
    except ValueError as error:
        raise HTTPException(reason=error) from error


def recursion():
    return recursion()


CASES = {
    "value": lambda: ValueError("a plain mistake"),
    "key_without_args": lambda: KeyError(),
    "unpicklable": lambda: Unpicklable("a", "b"),
    "mute": lambda: Mute(),
    "of_base": lambda: OfBase("not an Exception"),
    "keyboard_interrupt": lambda: KeyboardInterrupt(),
    "generator_exit": lambda: GeneratorExit(),
    "stop_iteration": lambda: StopIteration(3),
    "memory": lambda: MemoryError("cannot allocate"),
    "unicode": lambda: ValueError("Größe ✓ \ud800"),
    "huge": lambda: ValueError("x" * 10_000_000),
    "lines": lambda: ValueError("first line\nERROR second line"),
    "bad_request": lambda: HTTPBadRequest(reason="the picture is upside down"),
    "not_found": lambda: HTTPNotFound(reason="no such label"),
    "insufficient_storage": lambda: HTTPInsufficientStorage(reason="the disk is full"),
    "http_base": lambda: HTTPException(reason="something of mine failed"),
    "http_base_object": object_as_reason,
    "not_implemented": lambda: NotImplementedError("not yet"),
}


def get_predict_args():
    return {"what": fields.Str(required=True, enum=list(CASES))}


def predict(**kwargs):
    what = kwargs["what"]
    if what == "cause":
        cause()
    if what == "recursion":
        recursion()
    if what == "nothing":
        return {"fine": True}
    raise CASES[what]()
