"""Takes as long as it is told."""

import time

from webargs import fields


def get_predict_args():
    return {"seconds": fields.Float(missing=0.05), "text": fields.Str(missing="")}


def predict(**kwargs):
    time.sleep(kwargs["seconds"])
    return {"slept_seconds": kwargs["seconds"], "text": kwargs["text"]}
