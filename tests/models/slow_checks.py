"""Arguments whose check takes as long as a client wants it to."""

import os
import time
from pathlib import Path

from marshmallow import validate
from webargs import fields

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])
NEVER_ENDS = validate.Regexp("^(a+)+$")


class Noted(fields.Str):
    """Says that it is being checked."""

    def _deserialize(self, value, attr, data, **options):
        with (HOME / "journal").open("a") as journal:
            journal.write(f"checking {value[:10]}\n")
        return super()._deserialize(value, attr, data, **options)


class Sleeps(fields.Str):
    """Takes so many seconds."""

    def _deserialize(self, value, attr, data, **options):
        time.sleep(float(value))
        return value


def get_metadata():
    return {"name": "slow_checks"}


def get_predict_args():
    return {"text": Noted(load_default="a", validate=NEVER_ENDS)}


def predict(text):
    return {"pid": os.getpid()}


def get_train_args():
    return {
        "text": Noted(load_default="a", validate=NEVER_ENDS),
        "seconds": Sleeps(load_default="0"),
        "dies": fields.Bool(load_default=False, validate=lambda dies: dies and os.abort()),
    }


def train(**arguments):
    return {}
