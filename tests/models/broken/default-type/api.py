"""A number as text."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "count": fields.Int(load_default="5", metadata={"description": "How many"}),  # here
    }


def predict(**kwargs):
    return {}
