"""A file declared as text."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "data": fields.Str(  # here
            required=True,
            metadata={"type": "file", "location": "form", "description": "Measurements"},
        ),
    }


def predict(**kwargs):
    return {}
