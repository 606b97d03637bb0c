"""What `predict` and `train` take, and what `predict` answers, as webargs fields.

The host makes its Swagger document, its checks and its try-me page from these.
"""

import json
from collections.abc import Mapping
from dataclasses import fields as attributes
from typing import Any

from marshmallow import Schema, ValidationError
from webargs import fields, validate

from demo_app.fit import Options
from demo_app.images import POLARITIES
from demo_app.network import CLASSES
from demo_app.weights import NAME_PATTERN, SHIPPED

Fields = dict[str, Any]

MEDIA_TYPES = ("application/json", "image/png", "application/zip")


class JSONDict(fields.Dict):  # type: ignore[misc]
    """A dict that may also come as JSON text: a form with a file in it carries only text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            # Deep nesting ends in a RecursionError.
            except (ValueError, RecursionError) as error:
                raise ValidationError("Not valid JSON.") from error
        return super()._deserialize(value, *args, **kwargs)


def predict_args() -> Fields:
    """The arguments of `predict`, one or more of every kind that authors use."""
    return {
        "image": fields.Raw(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "An image of one handwritten digit: PNG or JPEG, a photo, scan or "
                "drawing of any size",
            },
        ),
        "weights": fields.Str(
            load_default=SHIPPED,
            validate=validate.Length(max=64),
            metadata={"description": "The weights to use, one of those listed in the metadata"},
        ),
        "polarity": fields.Str(
            load_default="auto",
            validate=validate.OneOf(POLARITIES),
            metadata={
                "enum": list(POLARITIES),
                "description": "Whether the digit is darker or lighter than what surrounds it",
            },
        ),
        "rotation": fields.Int(
            load_default=0,
            metadata={
                "description": "Degrees to turn the picture counter-clockwise before it is read"
            },
        ),
        "top": fields.Int(
            load_default=3,
            validate=validate.Range(min=1, max=CLASSES),
            metadata={"description": "How many digits to answer with, the likeliest first"},
        ),
        "threshold": fields.Float(
            load_default=0.0,
            validate=validate.Range(min=0.0, max=1.0),
            metadata={"description": "Leave out digits that are less probable than this"},
        ),
        "class_weights": fields.List(
            fields.Float(validate=validate.Range(min=0.0)),
            load_default=[],
            validate=_ten_or_none,
            metadata={
                "description": "How common the digits 0 to 9 are where the picture comes from: ten "
                "numbers, or none if all are equally common. 0 rules a digit out"
            },
        ),
        "labels": JSONDict(
            keys=fields.Str(),
            values=fields.Str(validate=validate.Length(max=100)),
            load_default={},
            metadata={
                "description": 'Other names for the digits in the answer, as JSON: {"7": "seven"}'
            },
        ),
        "preprocessed": fields.Bool(
            load_default=True,
            metadata={"description": "Whether to answer with the 8x8 form that the network sees"},
        ),
        "caption": fields.Str(
            load_default="",
            validate=validate.Length(max=200),
            metadata={"description": "A line of text to write under the annotated picture"},
        ),
        "signing_key": fields.Str(
            load_default="",
            metadata={
                "format": "password",
                "description": "A secret to sign the answer with (HMAC-SHA256): whoever knows it "
                "can tell that labels and probabilities are unchanged. It is not sent back",
            },
        ),
        "audio": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "An audio recording of the digit, to be measured and sent back",
            },
        ),
        "video": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "A video of the digit, to be measured and sent back",
            },
        ),
        "accept": fields.Str(
            validate=validate.OneOf(list(MEDIA_TYPES)),
            metadata={
                "location": "headers",
                "description": "What to answer: the result as JSON, the annotated picture as PNG, "
                "or a ZIP of both and the preprocessed picture",
            },
        ),
    }


def train_args() -> Fields:
    """The arguments of `train`."""
    return {
        "name": fields.Str(
            load_default="trained",
            validate=[
                validate.Regexp(f"^{NAME_PATTERN}$", error="Letters, digits, '.', '_', '-' only."),
                # A regular expression's $ lets one line break through.
                validate.ContainsNoneOf("\n", error="A line break is no part of a name."),
                validate.NoneOf([SHIPPED], error="This name belongs to the shipped weights."),
            ],
            metadata={
                "description": "The name of the new weights, for the argument `weights` of "
                "predict. Whatever had this name gives it up"
            },
        ),
        "checkpoint": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "checkpoint.pt of a training that was cancelled or interrupted: go "
                "on from there. All other arguments but `name` are then those of that training",
            },
        ),
        "epochs": fields.Int(
            load_default=Options.epochs,
            validate=validate.Range(min=1, max=500),
            metadata={"description": "Passes over the training samples"},
        ),
        "batch_size": fields.Int(
            load_default=Options.batch_size,
            validate=validate.Range(min=1, max=1024),
            metadata={"description": "Samples per step"},
        ),
        "learning_rate": fields.Float(
            load_default=Options.learning_rate,
            validate=validate.Range(min=1e-6, max=1.0),
            metadata={"description": "Learning rate at its peak; it falls along a cosine"},
        ),
        "validation_split": fields.Float(
            load_default=Options.validation_split,
            validate=validate.Range(min=0.01, max=0.9),
            metadata={"description": "Share of the samples kept for the figures of each epoch"},
        ),
        "copies": fields.Int(
            load_default=Options.copies,
            validate=validate.Range(min=0, max=30),
            metadata={"description": "Distorted versions of each sample to train with"},
        ),
        "seed": fields.Int(
            load_default=Options.seed,
            validate=validate.Range(min=0, max=2**31 - 1),
            metadata={"description": "The same seed and arguments give the same weights"},
        ),
    }


def options(given: Mapping[str, Any]) -> Options:
    """How to train, out of arguments of `train` or of what a checkpoint says they were.

    Raises:
        ValidationError: values that `train` would refuse.
    """
    names = {attribute.name for attribute in attributes(Options)}
    checked = Schema.from_dict({n: field for n, field in train_args().items() if n in names})()
    return Options(**checked.load({n: value for n, value in given.items() if n in names}))


class BoxSchema(Schema):
    """Where in the picture something stands, in pixels."""

    left = fields.Int(required=True)
    top = fields.Int(required=True)
    right = fields.Int(required=True)
    bottom = fields.Int(required=True)


class RecordingSchema(Schema):
    """What is known of an audio or video file."""

    name = fields.Str(required=True)
    content_type = fields.Str(required=True)
    size_bytes = fields.Int(required=True)
    duration_seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Known for WAV and MP4 files, otherwise null"},
    )


def response() -> Fields:
    """The fields of the JSON answer."""
    return {
        "label": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The likeliest digit; null if none reaches the threshold"},
        ),
        "labels": fields.List(
            fields.Str(),
            required=True,
            metadata={"description": "The likeliest digits, best first"},
        ),
        "probabilities": fields.List(
            fields.Float(), required=True, metadata={"description": "The probability of each label"}
        ),
        "preprocessed": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The image as the network sees it: a PNG in base64"},
        ),
        "box": fields.Nested(
            BoxSchema,
            required=True,
            metadata={
                "description": "Where the digit stands in the upright picture, in its pixels"
            },
        ),
        "polarity": fields.Str(
            required=True, metadata={"description": "dark-on-light or light-on-dark"}
        ),
        "weights": fields.Str(required=True, metadata={"description": "The weights used"}),
        "caption": fields.Str(
            required=True, metadata={"description": "The caption as it was sent"}
        ),
        "signature": fields.Str(
            required=True,
            allow_none=True,
            metadata={
                "description": "HMAC-SHA256, in hexadecimal, of the JSON text "
                '{"labels": [...], "probabilities": [...]} under the signing key; null without one'
            },
        ),
        "date": fields.DateTime(
            required=True, metadata={"description": "When the answer was made, ISO 8601, UTC"}
        ),
        "audio": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The audio as it was sent, in base64, if 2 MB or less"},
        ),
        "audio_info": fields.Nested(RecordingSchema, required=True, allow_none=True),
        "video": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The video as it was sent, in base64, if 2 MB or less"},
        ),
        "video_info": fields.Nested(RecordingSchema, required=True, allow_none=True),
    }


def _ten_or_none(values: list[float]) -> None:
    if values and (len(values) != CLASSES or not any(values)):
        raise ValidationError(
            "Ten numbers are needed, one per digit and not all 0, or none at all."
        )
