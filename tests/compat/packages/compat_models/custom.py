"""Fields with a mind of their own, validators of every kind, other names on the wire."""

from pathlib import Path

from marshmallow import ValidationError
from webargs import fields, validate

from .told import told


class Checkpoint(fields.String):
    """Only checkpoints that exist, as a path."""

    def _deserialize(self, value, attr, data, **kwargs):
        if value not in {"resnet", "vgg"}:
            raise ValidationError(f"Checkpoint `{value}` not found.")
        return str(Path("models") / value)


class JsonOrText(fields.Field):
    def _deserialize(self, value, attr, data, **kwargs):
        return {"text": value, "attr": attr, "with": sorted(data)}


class EvenOnly(fields.Int):
    def _validate(self, value):
        super()._validate(value)
        if value % 2:
            raise ValidationError("Not even.")


def not_thirteen(value):
    if value == 13:
        raise ValidationError("Unlucky.")


def get_predict_args():
    return {
        "checkpoint": Checkpoint(missing="models/default", description="A checkpoint"),
        "free": JsonOrText(),
        "even": EvenOnly(),
        "several": fields.Int(validate=[validate.Range(min=0), not_thirteen]),
        "refused": fields.Int(validate=lambda value: value < 100),
        "own_message": fields.Int(
            error_messages={"invalid": "A number, please."},
            validate=validate.Range(max=9, error="At most {max}."),
        ),
        "dashed_name": fields.Str(data_key="dashed-name"),
        "required_key": fields.Int(data_key="Key", required=True),
        "choice": fields.Str(validate=[validate.OneOf(["a", "b"])]),
        "not_x": fields.Str(validate=validate.NoneOf(["x"])),
        "exactly": fields.Str(validate=validate.Equal("this")),
        "subset": fields.List(fields.Str(), validate=validate.ContainsOnly(["r", "g", "b"])),
        "upper": fields.Function(deserialize=str.upper),
        "constant": fields.Constant(42),
        "answer_only": fields.Str(dump_only=True),
    }


def predict(**kwargs):
    return told(kwargs)
