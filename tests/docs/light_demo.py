"""`demo_app` without PyTorch, for pages that tell of the host, the client and the commands.

It has those arguments of the real one that pages give, and answers as they show. Each process with
PyTorch takes two seconds of a processor before it does anything, each training four more. What the
real one answers is shown by README.md and docs/trainings.md, which `make test` pastes with it;
`make soak` pastes all pages with it.
"""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from webargs import fields, validate

from deepaas.model.v2 import run

schema = {
    "label": fields.Str(required=True),
    "labels": fields.List(fields.Str(), required=True),
    "probabilities": fields.List(fields.Float(), required=True),
}


def get_metadata() -> dict[str, Any]:
    package = metadata("demo_app").json
    return {name: package.get(name) for name in ("name", "version", "summary")} | {
        "author": package["author_email"],
        "license": package.get("license_expression") or package.get("license"),
    }


def get_predict_args() -> dict[str, Any]:
    return {
        "image": fields.Raw(
            required=True,
            metadata={"type": "file", "location": "form", "description": "An image of a digit"},
        ),
        "weights": fields.Str(load_default="digits", metadata={"description": "Which to use"}),
        "polarity": fields.Str(
            load_default="auto",
            validate=validate.OneOf(["auto", "dark-on-light", "light-on-dark"]),
            metadata={"description": "Of the digit"},
        ),
        "rotation": fields.Int(load_default=0, metadata={"description": "Degrees"}),
        "top": fields.Int(
            load_default=3,
            validate=validate.Range(min=1, max=10),
            metadata={"description": "How many digits"},
        ),
        "accept": fields.Str(
            validate=validate.OneOf(["application/json", "image/png", "application/zip"]),
            metadata={"location": "headers"},
        ),
    }


def predict(image: Any, top: int, accept: str, **_: Any) -> dict[str, Any] | bytes:
    picture = Path(image.filename).read_bytes()
    if accept == "image/png":
        return picture
    if accept == "application/zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("annotated.png", picture)
        return archive.getvalue()
    labels, probabilities = ["7", "3", "5"], [0.976297, 0.007549, 0.004467]
    return {"label": "7", "labels": labels[:top], "probabilities": probabilities[:top]}


def get_train_args() -> dict[str, Any]:
    return {
        "name": fields.Str(load_default="trained", metadata={"description": "Of the weights"}),
        "epochs": fields.Int(
            load_default=10,
            validate=validate.Range(min=1, max=500),
            metadata={"description": "Passes over the samples"},
        ),
        "copies": fields.Int(
            load_default=8,
            validate=validate.Range(min=0, max=30),
            metadata={"description": "Distorted versions of each sample"},
        ),
    }


def train(name: str, epochs: int, **_: Any) -> dict[str, Any]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(run.directory()))
    for epoch in range(1, epochs + 1):
        accuracy = 1 - 0.5 / epoch
        print(f"epoch {epoch:3}  validation accuracy {accuracy:.4f}", flush=True)
        value = Summary.Value(tag="accuracy/validation", simple_value=accuracy)
        writer.add_event(Event(step=epoch, summary=Summary(value=[value])))
        run.progress(epoch, epochs, f"validation accuracy {accuracy:.2f}")
    writer.close()
    return {"accuracy": accuracy, "epochs": epochs, "weights": name}
