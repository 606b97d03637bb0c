"""A model that takes arguments of many kinds and never raises: what fails is the host's fault."""

import io

from webargs import fields, validate

from deepaas.model.v2 import run


def get_metadata():
    return {"name": "fuzzed", "summary": "Takes all that fits"}


def get_predict_args():
    return {
        "text": fields.Str(load_default="text"),
        "number": fields.Int(load_default=1),
        "share": fields.Float(load_default=0.5, validate=validate.Range(0, 1)),
        "flag": fields.Bool(load_default=False),
        "choice": fields.Str(load_default="a", validate=validate.OneOf(["a", "b"])),
        "some": fields.List(fields.Int(), load_default=[]),
        "object": fields.Dict(load_default={}),
        "when": fields.DateTime(load_default=None),
        "data": fields.Field(load_default=None, type="file", location="form"),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(["application/json", "text/html", "image/png"]),
        ),
    }


def predict(**arguments):
    if arguments["accept"] != "application/json":
        return io.BytesIO(b"<script>" * 20)
    data = arguments["data"]
    size = 0
    if data is not None:
        with open(data.filename, "rb") as file:
            size = len(file.read())
    return {"text": arguments["text"][:100], "number": str(arguments["number"])[:100], "size": size}


def get_train_args():
    return {"text": fields.Str(load_default=""), "number": fields.Int(load_default=1)}


def train(**arguments):
    (run.directory() / "a.txt").write_text("a")
    (run.directory() / "below").mkdir()
    (run.directory() / "below" / "b \n.bin").write_bytes(bytes(1000))
    print("trained", flush=True)
    return {"trained": True}
