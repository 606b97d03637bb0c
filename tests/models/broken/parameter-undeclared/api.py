"""Needs what is not declared."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(required=True, metadata={"description": "A text"}),
    }


def predict(text, count):  # here
    return {"text": text * count}
