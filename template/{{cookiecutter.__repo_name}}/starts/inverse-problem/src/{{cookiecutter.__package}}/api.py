"""The functions that the host calls. The actual work is in the other modules."""

from typing import Any

import numpy as np
import torch
from deepaas.model.v2 import InvalidArgument, run
from deepaas.model.v2.fields import Tensor
from webargs import fields, validate

from . import examples, metadata, network, store, training
from .physics import PHYSICS

NAME = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,39}\Z", error="Use a-z, 0-9, - and _ only.")

schema = {
    "x_hat": Tensor(
        "float32", (-1, 1, -1, -1), required=True, metadata={"description": "The pictures"}
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
        "y": Tensor(
            "float32",
            (-1, 1, -1, -1),
            required=True,
            metadata={"description": "Measurements (B, 1, H, W) of pictures from 0 to 1"},
        ),
        **PHYSICS.arguments(default="denoising"),
        "weights": fields.Str(
            load_default=store.SHIPPED,
            validate=NAME,
            metadata={"description": "The name of a training run, or 'shipped'"},
        ),
    }


def predict(y: np.ndarray, physics: str, weights: str, **parameters: Any) -> dict[str, Any]:
    """Reconstruct pictures. Errors in the request are reported to the client."""
    if y.size == 0 or not np.isfinite(y).all():
        raise InvalidArgument("y", "It must not be empty, or contain NaN or infinities.")
    measured = torch.from_numpy(y)
    built = PHYSICS.build(physics, measured, **parameters)
    try:
        loaded = store.load(weights)
    except store.UnknownWeightsError as error:
        raise InvalidArgument("weights", str(error)) from None
    return {"x_hat": network.reconstruct(loaded, measured, built)}


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
            load_default=1000,
            validate=validate.Range(16, 20_000),
            metadata={"description": "Number of pictures to generate for training"},
        ),
        "learning_rate": fields.Float(
            load_default=0.002,
            validate=validate.Range(min=0, min_inclusive=False),
            metadata={"description": "Highest learning rate"},
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
    return {"name": name, "psnr": outcome.psnr, "cancelled": outcome.cancelled}
