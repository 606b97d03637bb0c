"""Takes its time in small steps, as a loop over batches does, and says when it has begun."""

import time
from pathlib import Path

from webargs import fields


def get_predict_args():
    return {"seconds": fields.Float(missing=0), "begun": fields.Str(missing=None)}


def predict(seconds, begun):
    if begun:
        Path(begun).touch()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.05)
    return "done"
