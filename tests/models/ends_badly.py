"""Yields much, and then raises or goes on for ever."""

import time

from webargs import fields


def get_predict_args():
    return {
        "count": fields.Int(missing=3),
        "size": fields.Int(missing=10),
        "end": fields.Str(missing="return", enum=["return", "raise", "sleep"]),
    }


def predict(**kwargs):
    for number in range(kwargs["count"]):
        yield str(number % 10) * kwargs["size"]
    if kwargs["end"] == "raise":
        raise ValueError("in the end")
    while kwargs["end"] == "sleep":
        time.sleep(0.1)
