"""A plain class for a field."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():  # here
    return {"text": str, "other": fields.Str(load_default="", metadata={"description": "A text"})}


def predict(**kwargs):
    return {}
