"""A nested schema that nobody has written."""

from webargs import fields


schema = {
    "label": fields.Str(),
    "box": fields.Nested("BoxSchema"),  # here
}


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return {}
