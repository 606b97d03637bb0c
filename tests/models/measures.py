"""Records numbers of its predictions; `version` in its metadata is seen in the metrics."""

import os
import signal

from deepaas.model.v2 import run
from webargs import fields


def get_metadata():
    return {"name": "measures", "Version": '1.0 "beta"\n'}


def get_predict_args():
    return {
        "values": fields.List(fields.Float(), missing=[]),
        "names": fields.Int(missing=0),
        "bad": fields.Str(missing=""),
        "die": fields.Int(missing=0),
        "data": fields.Field(type="file", location="form"),
    }


def predict(**kwargs):
    for value in kwargs["values"]:
        run.measure("confidence", value)
    for number in range(kwargs["names"]):
        run.measure(f"name {number}", 1)
    if kwargs["bad"]:
        run.measure("bad", kwargs["bad"])
    if kwargs["die"]:
        os.kill(os.getpid(), signal.Signals(kwargs["die"]))
    return {"measured": len(kwargs["values"])}


def get_train_args():
    return {"fail": fields.Boolean(missing=False)}


def train(**kwargs):
    run.measure("of a run", 1)
    if kwargs["fail"]:
        raise ValueError("as wanted")
    return {}
