"""Offers media types of which few have heard, and says which was asked for."""

from webargs import fields, validate

OFFERED = [
    "application/json",
    "text/csv; header=present",
    "application/x-odd",
    "application/vnd.odd+json",
    "x-odd/*",
]


def get_predict_args():
    return {
        "file": fields.Field(required=True, type="file", location="form"),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(OFFERED),
            location="headers",
        ),
    }


def predict(file, accept):
    if accept == "application/json":
        return {"got": accept}
    return f'"{accept}"'
