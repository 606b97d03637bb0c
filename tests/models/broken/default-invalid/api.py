"""A default that is out of its own range."""

from webargs import fields, validate


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "count": fields.Int(  # here
            load_default=20, validate=validate.Range(1, 10), metadata={"description": "How many"}
        ),
    }


def predict(**kwargs):
    return {}
