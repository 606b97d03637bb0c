"""Prints while it is imported, and as much as it is told in a call."""

import ctypes
import logging
import sys

from webargs import fields

print("\x1b[32m*** welcome to my model ***\x1b[0m")


def get_predict_args():
    return {
        "megabytes": fields.Int(missing=0),
        "text": fields.Str(missing="a line of the model"),
        "newlines": fields.Bool(missing=True),
    }


def predict(**kwargs):
    print(kwargs["text"], "on stdout")
    print(kwargs["text"], "on stderr", file=sys.stderr)
    logging.getLogger("my.model").warning(kwargs["text"] + " by logging")
    sys.stdout.buffer.write(b"\xff\xfe not UTF-8\n")
    libc = ctypes.CDLL(None)
    libc.puts(kwargs["text"].encode() + b" from C")
    libc.fflush(None)
    block = ("y" * 99 + ("\n" if kwargs["newlines"] else "y")) * 10_000
    for _ in range(kwargs["megabytes"]):
        sys.stdout.write(block)
    return {"printed_bytes": kwargs["megabytes"] * 1_000_000}
