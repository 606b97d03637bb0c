"""An argument for answers only."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(dump_only=True, metadata={"description": "A text"}),  # here
    }


def predict(**kwargs):
    return {}
