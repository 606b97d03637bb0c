"""Types for fields."""

from webargs import fields


schema = {"label": fields.Str(), "probability": float}  # here


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return {}
