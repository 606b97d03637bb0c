"""What the host calls: the functions of a model of the entry point group `deepaas.v2.model`."""

import os
from dataclasses import asdict, fields
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import torch
from aiohttp import web

from demo_app import answer, arguments, training, weights
from demo_app.images import ImageError, UnreadableImage, read_digit
from demo_app.network import classify

schema = arguments.response()


def get_metadata() -> dict[str, Any]:
    """Who made this model and under which terms, and the weights that `predict` can use now."""
    package = metadata("demo_app").json
    author, _, address = str(package["author_email"]).rpartition(" <")
    return {
        "name": package["name"],
        "version": package["version"],
        "summary": package["summary"],
        "description": package["summary"],
        "author": author,
        "author-email": address.rstrip(">"),
        "license": package.get("license_expression") or package.get("license", ""),
        "url": str(package["project_url"][0]).partition(", ")[2],
        "weights": weights.available(),
    }


def warm() -> None:
    """Load the shipped weights, so that the first call does not wait for them."""
    # Each worker is a process of its own; the network is too small for more threads to help.
    torch.set_num_threads(1)
    weights.load(weights.SHIPPED)


def get_predict_args() -> dict[str, Any]:
    """The arguments of `predict`, as webargs fields."""
    return arguments.predict_args()


def predict(**kwargs: Any) -> dict[str, Any] | bytes:
    """Read the digit in an uploaded picture.

    Args:
        kwargs: one value for each of `get_predict_args()`.

    Returns:
        What `accept` asks for: JSON (a dict as `schema` describes it), a PNG or a ZIP (bytes).

    Raises:
        web.HTTPBadRequest: if the file is not an image, or there are no such weights.
        web.HTTPUnprocessableEntity: if there is no digit to be found in the image.
    """
    torch.set_num_threads(1)
    try:
        network = weights.load(kwargs["weights"])
        digit = read_digit(kwargs["image"].filename, kwargs["polarity"], kwargs["rotation"])
    except (UnreadableImage, weights.UnknownWeightsError) as error:
        raise web.HTTPBadRequest(reason=str(error)) from error
    except ImageError as error:
        raise web.HTTPUnprocessableEntity(reason=str(error)) from error
    reading = answer.read(digit, classify(network, digit.grid[None])[0], kwargs)
    if kwargs.get("accept") == "image/png":
        return answer.as_png(reading, kwargs)
    if kwargs.get("accept") == "application/zip":
        return answer.as_zip(reading, kwargs)
    return answer.as_json(reading, kwargs)


def get_train_args() -> dict[str, Any]:
    """The arguments of `train`, as webargs fields."""
    return arguments.train_args()


def train(**kwargs: Any) -> dict[str, Any]:
    """Train a new network, and save its weights for `predict`.

    Args:
        kwargs: one value for each of `get_train_args()`.

    Returns:
        accuracy (0..1, on the held-back digits), history (one dict per epoch), weights (their name)
        and file (where they are).
    """
    options = training.Options(
        **{field.name: kwargs[field.name] for field in fields(training.Options)}
    )
    outcome = training.train(options, training.print_epoch)
    run_dir = os.environ.get("DEEPAAS_RUN_DIR")
    path = weights.publish(outcome.network, kwargs["name"], Path(run_dir) if run_dir else None)
    return {
        "accuracy": outcome.accuracy,
        "history": [asdict(epoch) for epoch in outcome.history],
        "weights": kwargs["name"],
        "file": str(path),
    }
