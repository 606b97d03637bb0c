"""Needs what clients may leave out."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(metadata={"description": "A text"}),
    }


def predict(text):  # here
    return {"text": text}
