"""Says nothing of its arguments."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(load_default=""),  # here
        "count": fields.Int(load_default=1),
    }


def predict(**kwargs):
    return {}
