"""Raises and prints where its files lie, as exceptions of libraries do."""

import os
import sys
from pathlib import Path

from webargs import ValidationError, fields

from deepaas.model.v2 import run


def _checked(value):
    raise ValidationError(f"cannot be read: {value.filename}")


def arguments():
    return {
        "how": fields.Str(load_default="raises"),
        "data": fields.Field(load_default=None, type="file", location="form"),
        "checked": fields.Field(
            load_default=None, type="file", location="form", validate=_checked
        ),
    }


get_predict_args = arguments
get_train_args = arguments


def predict(how, data, checked):
    print(f"reading {data.filename}")
    sys.stdout.flush()
    if how == "oserror":
        Path(data.filename).with_name("missing.bin").read_bytes()
    if how == "folder":
        raise RuntimeError("nothing in /usr/share/data.bin")
    raise ValueError(f"cannot identify image file '{data.filename}'.")


def train(how, data, checked):
    run.progress(1, 2, f"writing {os.path.join(run.directory(), 'best.pt')}")
    if how == "directory":
        raise ValueError(f"no space in {run.directory()}: stopped")
    raise ValueError(f"cannot identify image file '{data.filename}'.")
