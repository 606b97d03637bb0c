"""The functions of the model that the host calls (entry point group `deepaas.v2.model`)."""

import os
from contextlib import nullcontext
from dataclasses import asdict
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import torch
from aiohttp import web
from marshmallow import ValidationError

from deepaas.model.v2 import run
from demo_app import answer, arguments, checkpoint, samples, training, weights
from demo_app.curves import Curves
from demo_app.fit import CheckpointError, Fit, Options
from demo_app.images import ImageError, UnreadableImage, read_digit
from demo_app.network import classify

schema = arguments.response()


def get_metadata() -> dict[str, Any]:
    """Return author, licence, available weights and examples of the model."""
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
        "examples": samples.read(),
    }


def warm() -> None:
    """Load the shipped weights before the first call."""
    # Each worker is a separate process; the network is too small to benefit from more threads.
    torch.set_num_threads(1)
    weights.load(weights.SHIPPED)


def get_predict_args() -> dict[str, Any]:
    """Return the arguments of `predict` as webargs fields."""
    return arguments.predict_args()


def predict(**kwargs: Any) -> dict[str, Any] | bytes:
    """Read the digit in an uploaded picture.

    Args:
        kwargs: one value for each of `get_predict_args()`.

    Returns:
        The media type in `accept`: JSON (a dict that matches `schema`), a PNG or a ZIP (bytes).

    Raises:
        web.HTTPBadRequest: the file is not an image, or the weights do not exist.
        web.HTTPUnprocessableEntity: no digit was found in the image.
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
    """Return the arguments of `train` as webargs fields."""
    return arguments.train_args()


def train(**kwargs: Any) -> dict[str, Any]:
    """Train a network, and save its weights for `predict`.

    With a run folder, which the host gives, all files go there: the weights, event files for
    TensorBoard and, until the training has ended, a checkpoint to go on from.

    Args:
        kwargs: one value for each of `get_train_args()`.

    Returns:
        accuracy (0..1, on the held-back digits), epochs (how many are done), history (one dict per
        epoch), cancelled, weights (their name), file (where they are) and checkpoint. A training
        that was cancelled has a checkpoint and no weights, others have weights and no checkpoint.

    Raises:
        CheckpointError: if the file to go on from is no checkpoint of a training.
    """
    # Called before the first slow step, so that the host knows that this code stops by itself.
    run.cancelling()
    # Without a host, `run.directory()` is the working directory: do not write files there.
    folder = run.directory() if os.environ.get("DEEPAAS_RUN_DIR") else None
    options, start = _start(kwargs)
    done = len(start["history"]) if start else 0
    run.progress(done, options.epochs, "preparing the samples")
    with Curves(str(folder)) if folder else nullcontext() as curves:

        def on_epoch(fit: Fit) -> None:
            epoch = fit.history[-1]
            training.print_epoch(epoch)
            if curves:
                curves.add(fit)
            if folder:
                # After each epoch, because the machine may fail.
                checkpoint.save(fit.state(), folder / checkpoint.NAME)
            told = f"validation accuracy {epoch.validation_accuracy:.2f}"
            run.progress(epoch.epoch, options.epochs, told)

        outcome = training.train(options, on_epoch, run.cancelling, start)
    saved = folder / checkpoint.NAME if folder else None
    file = None
    if outcome.stopped is None:
        file = weights.publish(outcome.network, kwargs["name"], folder)
        if saved:
            saved.unlink(missing_ok=True)
    elif saved:
        checkpoint.save(outcome.stopped, saved)
    cancelled = outcome.stopped is not None
    return {
        "accuracy": outcome.accuracy,
        "epochs": len(outcome.history),
        "history": [asdict(epoch) for epoch in outcome.history],
        "cancelled": cancelled,
        "weights": None if cancelled else kwargs["name"],
        "file": str(file) if file else None,
        "checkpoint": str(saved) if saved and cancelled else None,
    }


def _start(kwargs: dict[str, Any]) -> tuple[Options, dict[str, Any] | None]:
    """Return the training options, and the state to continue from, if there is one."""
    if kwargs["checkpoint"] is None:
        return arguments.options(kwargs), None
    state = checkpoint.load(Path(kwargs["checkpoint"].filename))
    try:
        return arguments.options(state["options"]), state
    except ValidationError as error:
        raise CheckpointError(f"the options in the checkpoint are wrong: {error}") from error
