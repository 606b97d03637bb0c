"""What the host calls. The work is done in the modules beside this one."""

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
        fields.Str(), required=True, metadata={"description": "Shapes, the most probable first"}
    ),
    "probabilities": fields.List(
        fields.Float(), required=True, metadata={"description": "Of the labels, from 0 to 1"}
    ),
}


def get_metadata() -> dict[str, Any]:
    """Tell what this model is; asked for again and again."""
    return {**metadata.read(), "weights": store.names(), "examples": examples.read()}


def warm() -> None:
    """Load what predictions need, once in each worker."""
    store.load(store.SHIPPED)


def get_predict_args() -> dict[str, fields.Field]:
    """The arguments of `predict`; the descriptions are the help texts of the try-me page."""
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
            metadata={"description": "How many shapes to answer with"},
        ),
        "weights": fields.Str(
            load_default=store.SHIPPED,
            validate=NAME,
            metadata={"description": "The name of a training, or those that the package ships"},
        ),
    }


def predict(image: Any, top: int, weights: str) -> dict[str, Any]:
    """Classify the image; what is wrong with the request is told to the client."""
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
            metadata={"description": "What to call the new weights"},
        ),
        "epochs": fields.Int(
            load_default=10,
            validate=validate.Range(1, 100),
            metadata={"description": "Passes over the pictures"},
        ),
        "pictures": fields.Int(
            load_default=2000,
            validate=validate.Range(100, 20_000),
            metadata={"description": "How many pictures to draw and learn from"},
        ),
        "learning_rate": fields.Float(
            load_default=0.003,
            validate=validate.Range(min=0, min_inclusive=False),
            metadata={"description": "The size of a step, at first"},
        ),
        "seed": fields.Int(load_default=1, metadata={"description": "Other seed, other pictures"}),
    }


def train(name: str, **options: Any) -> dict[str, Any]:
    """Train a network; `predict` can use it with `weights=name` as soon as it is ready."""
    outcome = training.train(training.Options(**options), run.directory())
    file = run.directory() / "weights.pt"
    store.save(outcome.network, file)
    if not outcome.cancelled:
        store.publish(file, name)
    return {"name": name, "accuracy": outcome.accuracy, "cancelled": outcome.cancelled}
