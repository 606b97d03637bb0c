"""Waits until the file `gate` exists, and notes in a journal when it starts and when it ends."""

import os
import pathlib
import time

from webargs import fields

FOLDER = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


def get_metadata():
    return {"name": "gated", "description": "Waits for a gate to open"}


def get_predict_args():
    return {
        "label": fields.Str(required=True),
        "gate": fields.Str(missing=""),
        "data": fields.Field(type="file", location="form"),
    }


def note(line):
    with open(FOLDER / "journal", "a") as journal:
        journal.write(line + "\n")


def predict(**kwargs):
    note("start " + kwargs["label"])
    while kwargs["gate"] and not (FOLDER / kwargs["gate"]).exists():
        time.sleep(0.01)
    note("end " + kwargs["label"])
    return {"label": kwargs["label"], "pid": os.getpid()}
