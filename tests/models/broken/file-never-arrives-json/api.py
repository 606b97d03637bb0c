"""A file in a JSON body."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "data": fields.Raw(  # here
            required=True,
            metadata={"type": "file", "location": "json", "description": "Measurements"},
        ),
    }


def predict(**kwargs):
    return {}
