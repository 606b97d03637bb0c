"""Required arguments whose names are none in Python."""

from webargs import fields

from deepaas.model.v2.fields import Tensor


def get_predict_args():
    return {
        "class": fields.Str(required=True),
        "max-steps": fields.Int(required=True),
        "mask": Tensor("bool", (-1, 4)),
        "y": Tensor("complex64", (2, -1, -1), required=True),
    }


def predict(y, **others):
    return {"x": y, **{name: value for name, value in others.items() if value is not None}}
