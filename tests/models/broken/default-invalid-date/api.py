"""A date as text: nothing can be said of it in the documents."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "day": fields.Date(load_default="2026-11-21", metadata={"description": "A day"}),  # here
    }


def predict(**kwargs):
    return {}
