"""Arguments of `predict` and `train`, and results of `predict`, as webargs fields.

The host generates its Swagger document, validation and try-me page from them.
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
    """A dict that can also be JSON text, because forms with files only contain text."""

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
                "description": "An image of one handwritten digit as PNG or JPEG: a photo, scan or "
                "drawing of any size",
            },
        ),
        "weights": fields.Str(
            load_default=SHIPPED,
            validate=validate.Length(max=64),
            metadata={"description": "Name of the weights; the metadata lists the available names"},
        ),
        "polarity": fields.Str(
            load_default="auto",
            validate=validate.OneOf(POLARITIES),
            metadata={
                "enum": list(POLARITIES),
                "description": "Whether the digit is darker or lighter than the background",
            },
        ),
        "rotation": fields.Int(
            load_default=0,
            metadata={
                "description": "Rotation of the picture before the prediction, in degrees "
                "counter-clockwise"
            },
        ),
        "top": fields.Int(
            load_default=3,
            validate=validate.Range(min=1, max=CLASSES),
            metadata={"description": "Maximum number of digits to return, most likely first"},
        ),
        "threshold": fields.Float(
            load_default=0.0,
            validate=validate.Range(min=0.0, max=1.0),
            metadata={"description": "Minimum probability of digits to return"},
        ),
        "class_weights": fields.List(
            fields.Float(validate=validate.Range(min=0.0)),
            load_default=[],
            validate=_ten_or_none,
            metadata={
                "description": "Relative frequencies of the digits 0 to 9: ten numbers, or none "
                "if all are equally frequent. 0 excludes a digit"
            },
        ),
        "labels": JSONDict(
            keys=fields.Str(),
            values=fields.Str(validate=validate.Length(max=100)),
            load_default={},
            metadata={"description": 'Names for the digits in the result, as JSON: {"7": "seven"}'},
        ),
        "preprocessed": fields.Bool(
            load_default=True,
            metadata={"description": "Whether to return the 8x8 picture that the network sees"},
        ),
        "caption": fields.Str(
            load_default="",
            validate=validate.Length(max=200),
            metadata={"description": "Caption for the annotated picture"},
        ),
        "signing_key": fields.Str(
            load_default="",
            metadata={
                "format": "password",
                "description": "Secret key for signing labels and probabilities (HMAC-SHA256). It "
                "is not returned",
            },
        ),
        "audio": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "An audio recording of the digit. Its properties are returned",
            },
        ),
        "video": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "A video of the digit. Its properties are returned",
            },
        ),
        "accept": fields.Str(
            validate=validate.OneOf(list(MEDIA_TYPES)),
            metadata={
                "location": "headers",
                "description": "Format of the result: JSON, the annotated picture as PNG, or a ZIP "
                "file with both and the preprocessed picture",
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
                validate.ContainsNoneOf("\n", error="A name cannot contain a line break."),
                validate.NoneOf([SHIPPED], error="This name is reserved for the shipped weights."),
            ],
            metadata={
                "description": "Name of the new weights, for the argument `weights` of predict. "
                "The new weights replace any existing weights with this name"
            },
        ),
        "checkpoint": fields.Raw(
            load_default=None,
            metadata={
                "type": "file",
                "location": "form",
                "description": "checkpoint.pt of a cancelled or interrupted training run, which is "
                "then continued. All other arguments except `name` are those of that run",
            },
        ),
        "epochs": fields.Int(
            load_default=Options.epochs,
            validate=validate.Range(min=1, max=500),
            metadata={"description": "Number of epochs"},
        ),
        "batch_size": fields.Int(
            load_default=Options.batch_size,
            validate=validate.Range(min=1, max=1024),
            metadata={"description": "Number of samples per step"},
        ),
        "learning_rate": fields.Float(
            load_default=Options.learning_rate,
            validate=validate.Range(min=1e-6, max=1.0),
            metadata={"description": "Maximum learning rate, with cosine decay"},
        ),
        "validation_split": fields.Float(
            load_default=Options.validation_split,
            validate=validate.Range(min=0.01, max=0.9),
            metadata={"description": "Share of the samples used for validation after each epoch"},
        ),
        "copies": fields.Int(
            load_default=Options.copies,
            validate=validate.Range(min=0, max=30),
            metadata={"description": "Number of distorted copies of each sample for training"},
        ),
        "seed": fields.Int(
            load_default=Options.seed,
            validate=validate.Range(min=0, max=2**31 - 1),
            metadata={"description": "The same seed and arguments give the same weights"},
        ),
    }


def options(given: Mapping[str, Any]) -> Options:
    """Return training options from arguments of `train`, or from those in a checkpoint.

    Raises:
        ValidationError: values that `train` would reject.
    """
    names = {attribute.name for attribute in attributes(Options)}
    checked = Schema.from_dict({n: field for n, field in train_args().items() if n in names})()
    return Options(**checked.load({n: value for n, value in given.items() if n in names}))


class BoxSchema(Schema):
    """A box in the picture, in pixels."""

    left = fields.Int(required=True)
    top = fields.Int(required=True)
    right = fields.Int(required=True)
    bottom = fields.Int(required=True)


class RecordingSchema(Schema):
    """Properties of an audio or video file."""

    name = fields.Str(required=True)
    content_type = fields.Str(required=True)
    size_bytes = fields.Int(required=True)
    duration_seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Known for WAV and MP4 files, otherwise null"},
    )


def response() -> Fields:
    """Return the fields of the JSON result."""
    return {
        "label": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The most likely digit; null if none reaches the threshold"},
        ),
        "labels": fields.List(
            fields.Str(),
            required=True,
            metadata={"description": "The most likely digits, best first"},
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
            metadata={"description": "Position of the digit in the upright picture, in pixels"},
        ),
        "polarity": fields.Str(
            required=True, metadata={"description": "dark-on-light or light-on-dark"}
        ),
        "weights": fields.Str(required=True, metadata={"description": "The weights used"}),
        "caption": fields.Str(
            required=True, metadata={"description": "The caption in the request"}
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
            required=True, metadata={"description": "Date of the prediction, ISO 8601, UTC"}
        ),
        "audio": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The uploaded audio in base64, if at most 2 MB"},
        ),
        "audio_info": fields.Nested(RecordingSchema, required=True, allow_none=True),
        "video": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The uploaded video in base64, if at most 2 MB"},
        ),
        "video_info": fields.Nested(RecordingSchema, required=True, allow_none=True),
    }


def _ten_or_none(values: list[float]) -> None:
    if values and (len(values) != CLASSES or not any(values)):
        raise ValidationError("Must be empty or ten numbers, one per digit, and not all 0.")
