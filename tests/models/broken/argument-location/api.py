"""A place that does not exist."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(metadata={"location": "body", "description": "A text"}),  # here
    }


def predict(**kwargs):
    return {}
