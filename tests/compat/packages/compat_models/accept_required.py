"""`accept` that has to be given: a schema's fields, and a schema for the answer as well."""

import marshmallow
from webargs import fields, validate

from .told import told


class Arguments(marshmallow.Schema):
    class Meta:
        ordered = True

    accept = fields.String(
        metadata={"location": "headers"},
        required=True,
        validate=validate.OneOf(["text/csv", "application/json"]),
    )
    rows = fields.Int(load_default=2)


schema = {"rows": fields.Int(required=True)}


def get_predict_args():
    return Arguments().fields


def predict(accept, rows):
    if accept == "text/csv":
        return "a;b\n" * rows
    return {"rows": rows}
