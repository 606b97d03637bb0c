"""Required arguments, and defaults of None, of other types, and made by a function."""

from webargs import fields

from .told import told


def get_predict_args():
    return {
        "required": fields.Int(required=True),
        "required_text": fields.Str(required=True, error_messages={"required": "Say something."}),
        "nothing": fields.Str(missing=None),
        "nothing_number": fields.Int(missing=None),
        "nothing_list": fields.List(fields.Str(), missing=None),
        "nullable": fields.Int(allow_none=True, missing=3),
        "other_type": fields.Int(missing="5"),
        "made": fields.Str(missing=lambda: "made for the call"),
        "zero": fields.Int(missing=0),
        "false": fields.Bool(missing=False),
        "empty": fields.Str(missing=""),
        "no_default": fields.Str(),
    }


def predict(**kwargs):
    return told(kwargs)
