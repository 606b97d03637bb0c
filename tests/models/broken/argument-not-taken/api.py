"""Declares more than predict takes."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(required=True, metadata={"description": "A text"}),
        "count": fields.Int(load_default=1, metadata={"description": "How many"}),
    }


def predict(text):  # here
    return {"text": text}
