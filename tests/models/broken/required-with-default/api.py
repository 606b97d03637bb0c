"""Required, with a default."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(required=True, load_default="a"),  # here
    }


def predict(**kwargs):
    return {}
