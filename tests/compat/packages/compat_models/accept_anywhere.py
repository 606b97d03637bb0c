"""`accept` without a location, with a wildcard first: from the query, the form or the JSON."""

from webargs import fields, validate

from .told import told


def get_predict_args():
    return {
        "demo-image": fields.Field(
            required=False, type="file", location="form", description="image"
        ),
        "accept": fields.Str(
            description="Media type(s) acceptable for the response.",
            validate=validate.OneOf(["image/*", "application/json", "*/*", "application/zip"]),
        ),
    }


def predict(**kwargs):
    if kwargs["accept"] == "image/*":
        return open(kwargs["demo-image"].filename, "rb") if "demo-image" in kwargs else b"GIF89a"
    if kwargs["accept"] == "application/zip":
        return b"PK"
    return told(kwargs)
