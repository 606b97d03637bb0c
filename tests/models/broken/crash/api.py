"""Takes its process with it."""

from webargs import fields, validate
import os


def get_metadata():
    about = {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}
    return {**about, "examples": [{"count": 3}]}


def get_predict_args():
    return {
        "count": fields.Int(
            load_default=1, validate=validate.Range(1, 10), metadata={"description": "How many"}
        ),
    }


def predict(count):
    os.abort()  # here
    return count
