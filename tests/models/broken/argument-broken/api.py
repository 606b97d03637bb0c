"""A nested schema that nobody has written."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(load_default="", metadata={"description": "A text"}),
        "box": fields.Nested("BoxSchema", metadata={"description": "A box"}),  # here
    }


def predict(**kwargs):
    return {}
