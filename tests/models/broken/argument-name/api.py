"""A name that is none in Python."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "top-k": fields.Int(load_default=3, metadata={"description": "How many"}),  # here
    }


def predict(**kwargs):
    return {}
