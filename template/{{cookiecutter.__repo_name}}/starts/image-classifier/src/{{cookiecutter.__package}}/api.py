"""The functions that the host calls. The actual work is in the other modules."""

from typing import Any

from aiohttp import web
from deepaas.model.v2 import run
from PIL import Image, UnidentifiedImageError
from webargs import fields, validate

from . import examples, metadata, network, store, training
from .data import LABELS

NAME = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,39}\Z", error="Use a-z, 0-9, - and _ only.")

schema = {
    "labels": fields.List(
        fields.Str(), required=True, metadata={"description": "Shapes, most probable first"}
    ),
    "probabilities": fields.List(
        fields.Float(), required=True, metadata={"description": "For each label, from 0 to 1"}
    ),
}


def get_metadata() -> dict[str, Any]:
    """Return the metadata of the model. The host calls this often."""
    return {**metadata.read(), "weights": store.names(), "examples": examples.read()}


def warm() -> None:
    """Load the default weights, once in each worker."""
    store.load(store.SHIPPED)


def get_predict_args() -> dict[str, fields.Field]:
    """The arguments of `predict`. The try-me page shows the descriptions as help texts."""
    return {
        "image": fields.Field(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "An image of one circle, square, star or triangle: PNG or JPEG",
            },
        ),
        "top": fields.Int(
            load_default=len(LABELS),
            validate=validate.Range(1, len(LABELS)),
            metadata={"description": "Number of shapes to return"},
        ),
        "weights": fields.Str(
            load_default=store.SHIPPED,
            validate=NAME,
            metadata={"description": "The name of a training run, or 'shipped'"},
        ),
    }


def predict(image: Any, top: int, weights: str) -> dict[str, Any]:
    """Classify the image. Errors in the request are reported to the client."""
    try:
        with Image.open(image.filename) as picture:
            probabilities = network.classify(store.load(weights), picture)
    except UnidentifiedImageError:
        raise web.HTTPBadRequest(reason=f"{image.original_filename} is not an image") from None
    except store.UnknownWeightsError as error:
        raise web.HTTPBadRequest(reason=str(error)) from None
    best = sorted(zip(probabilities, LABELS, strict=True), reverse=True)[:top]
    return {
        "labels": [label for _, label in best],
        "probabilities": [round(probability, 4) for probability, _ in best],
    }


def get_train_args() -> dict[str, fields.Field]:
    """The arguments of `train`."""
    return {
        "name": fields.Str(
            load_default="trained",
            validate=[NAME, validate.NoneOf([store.SHIPPED])],
            metadata={"description": "Name of the new weights"},
        ),
        "epochs": fields.Int(
            load_default=10,
            validate=validate.Range(1, 100),
            metadata={"description": "Number of passes over the pictures"},
        ),
        "pictures": fields.Int(
            load_default=2000,
            validate=validate.Range(100, 20_000),
            metadata={"description": "Number of pictures to generate for training"},
        ),
        "learning_rate": fields.Float(
            load_default=0.003,
            validate=validate.Range(min=0, min_inclusive=False),
            metadata={"description": "Initial learning rate"},
        ),
        "seed": fields.Int(load_default=1, metadata={"description": "Random seed of pictures"}),
    }


def train(name: str, **options: Any) -> dict[str, Any]:
    """Train a network. Afterwards, `predict` can use it with `weights=name`."""
    outcome = training.train(training.Options(**options), run.directory())
    file = run.directory() / "weights.pt"
    store.save(outcome.network, file)
    if not outcome.cancelled:
        store.publish(file, name)
    return {"name": name, "accuracy": outcome.accuracy, "cancelled": outcome.cancelled}
