"""Needs a cookie."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "session": fields.Str(  # here
            required=True, metadata={"location": "cookies", "description": "Who asks"}
        ),
    }


def predict(**kwargs):
    return {}
