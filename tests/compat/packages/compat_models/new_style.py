"""Arguments as the AI4OS template declares them today: `load_default` and `metadata`."""

from marshmallow import fields, validate

from .told import told


def get_metadata():
    return {
        "author": "John Doe",
        "author-email": "john@example.org",
        "description": "New style",
        "license": "Apache-2.0",
        "version": "1.0.0",
    }


def warm():
    print("Warming up the model.api...")


def get_predict_args():
    return {
        "image": fields.Field(
            metadata={"type": "file", "location": "form", "description": "An image"},
            load_default=None,
        ),
        "mode": fields.Str(
            metadata={"description": "Checked", "enum": ["fast", "exact"]},
            validate=validate.OneOf(["fast", "exact"]),
            load_default="fast",
        ),
        "count": fields.Int(
            metadata={"description": "From 1 to 256"},
            validate=validate.Range(min=1, max=256),
            load_default=16,
        ),
        "ratio": fields.Float(
            metadata={"description": "Exclusive"},
            validate=validate.Range(min=0.0, max=1.0, min_inclusive=False, max_inclusive=False),
            load_default=0.5,
        ),
        "flag": fields.Bool(load_default=True),
        "weights": fields.Str(load_default=None, allow_none=True),
        "word": fields.Str(validate=validate.Length(min=2, max=5)),
        "hex": fields.Str(validate=validate.Regexp(r"^[0-9a-f]+$")),
        "only_query": fields.Int(metadata={"location": "query"}),
        "only_form": fields.Str(metadata={"location": "form"}),
        "only_json": fields.Raw(metadata={"location": "json"}),
        "X-Key": fields.Str(metadata={"location": "headers"}),
    }


def predict(**kwargs):
    return told(kwargs)


def get_train_args():
    return {
        "epochs": fields.Int(required=True, metadata={"description": "How often"}),
        "data": fields.Field(metadata={"type": "file", "location": "form"}),
    }


def train(**kwargs):
    return told(kwargs)
