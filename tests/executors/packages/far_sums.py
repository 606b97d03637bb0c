"""A model that tells what it has got and where, and gives back much."""

import os
import time
from pathlib import Path

from webargs import fields

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])


def get_predict_args():
    return {
        "texts": fields.List(fields.Str(), location="json", load_default=[]),
        "data": fields.Field(type="file", location="form", load_default=None),
        "how": fields.Str(load_default="returns"),
    }


def predict(texts, data, how):
    print(f"got {len(texts)} texts", flush=True)
    if how == "waits":
        (HOME / "begun").touch()
        try:
            while True:
                time.sleep(0.01)
        finally:
            (HOME / "left").touch()
    if how == "dies":
        os._exit(7)
    content = Path(data.filename).read_bytes() if data else b""
    return {
        "texts": texts[::-1],
        "where": data.filename if data else "",
        "size": len(content),
        "pid": os.getpid(),
    }
