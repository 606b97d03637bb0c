"""Arguments as DEEP packages of 2019 to 2021 declare them: everything is a plain keyword."""

import json
from collections import OrderedDict

from webargs import fields, validate

from .told import told


def get_metadata():
    return {
        "author": "Jane Doe",
        "description": "An image classifier",
        "license": "MIT",
        "version": "0.1.0",
        "url": "https://example.org/old_style",
    }


def get_predict_args():
    args = OrderedDict()
    args["data"] = fields.Field(
        required=False,
        missing=None,
        type="file",
        location="form",
        description="Select the image you want to classify.",
    )
    args["urls"] = fields.String(
        required=False, missing=None, description="Select an URL of the image."
    )
    args["mode"] = fields.Str(missing="fast", enum=["fast", "exact"], description="Not checked")
    args["top-k"] = fields.Int(missing=5, validate=validate.Range(min=1, max=10))
    args["threshold"] = fields.Float(missing=0.5, required=False)
    args["flip"] = fields.Bool(missing=False, enum=[True, False])
    args["labels"] = fields.List(fields.Str(), missing=["cat", "dog"])
    args["size"] = fields.Str(missing=json.dumps([224, 224]), description="A list in a string")
    args["plain"] = fields.Str()
    args["X-Token"] = fields.Str(location="headers", description="From a header")
    args["page"] = fields.Int(location="query", missing=1)
    args["note"] = fields.Str(location="form")
    args["extra"] = fields.Int(location="json")
    return args


def predict(**kwargs):
    return told(kwargs)


def get_train_args():
    return {
        "epochs": fields.Int(required=True, description="How often"),
        "rate": fields.Float(missing=0.001, validate=validate.Range(min=0)),
        "optimizer": fields.Str(missing="adam", enum=["adam", "sgd"]),
    }


def train(**kwargs):
    return told(kwargs)
