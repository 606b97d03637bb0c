"""Takes arguments of every form that a command line has, and prints in every way there is."""

import os
import subprocess
from pathlib import Path

import marshmallow
from aiohttp import web
from webargs import fields, validate

TYPES = ["application/json", "text/plain", "image/png"]


class Point(marshmallow.Schema):
    x = fields.Int(required=True)


def get_metadata():
    print("in get_metadata")
    return {"name": "command_line", "author": "é"}


def warm():
    print("in warm")


def get_predict_args():
    return {
        "number": fields.Int(
            required=True,
            validate=validate.Range(1, 10),
            metadata={"description": "How many % of it"},
        ),
        "scale": fields.Float(load_default=0.5, metadata={"description": "A factor"}),
        "flag": fields.Bool(load_default=True),
        "kind": fields.Str(load_default="a", validate=validate.OneOf(["a", "b"])),
        "sizes": fields.List(fields.Int(), load_default=[1, 2]),
        "colours": fields.List(fields.Str()),
        "options": fields.Dict(load_default={"a": 1}),
        "point": fields.Nested(Point),
        "day": fields.Date(),
        "password": fields.Str(load_default="hunter2", metadata={"format": "password"}),
        "picture": fields.Field(metadata={"type": "file", "location": "form"}),
        "url": fields.Str(),
        "accept": fields.Str(
            load_default="application/json",
            metadata={"location": "headers"},
            validate=validate.OneOf(TYPES),
        ),
    }


def predict(accept, number, password, picture=None, **arguments):
    print("printed by Python")
    os.write(1, b"printed by C\n")
    subprocess.run(["echo", "printed by a child"], check=True)
    if number == 9:
        fail()
    if number == 8:
        raise web.HTTPBadRequest(reason="eight is too much")
    if accept == "text/plain":
        return "text é\n"
    if accept == "image/png":
        return open(picture.filename, "rb") if picture else b"\x89PNG\r\n\x00"
    if picture is not None:
        content = Path(picture.filename).read_text()
        Path(picture.filename).unlink()  # as authors do
        arguments["picture"] = [picture.original_filename, picture.content_type, content]
    return {"number": number, **{name: str(value) for name, value in arguments.items()}}


def fail():
    raise ValueError("boom")
