"""Results in every form, and numbers that are none."""

import datetime
import io

import numpy as np
from webargs import fields

from deepaas.model.v2.fields import Tensor



def npy(y):
    file = io.BytesIO()
    np.save(file, y)
    file.seek(0)
    return file


def picture(y):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.array([[0, 51, 255]], np.uint8)).save(file, "PNG")
    return file.getvalue()


FORMS = {
    "npy": npy,
    "picture": picture,
    "pickle": lambda y: b"no tensor",
    "tensor": lambda y: y,
    "scalar": lambda y: y.sum(),
    "number": lambda y: 7,
    "lists": lambda y: [[1, 2], [3.5, 4]],
    "pair": lambda y: (y, {"psnr": 30.5, "count": np.int16(3)}),
    "tensors": lambda y: [y, y + 1, "text"],
    "named": lambda y: {"label": "cat", "scores": [0.5, 0.25], "x": y},
    "numbers": lambda y: {"label": "cat", "scores": [0.5, 0.25]},
    "others": lambda y: {
        "x": y,
        "none": None,
        "yes": np.bool_(True),
        "nan": float("nan"),
        "infinity": np.float32("inf"),
        "flat": (1, "a", None),
        "nested": [[1, 2], [3, 4]],
        "object": {"a": [1, {"b": 2}]},
        "day": datetime.date(2026, 1, 31),
        "complex": np.complex64(1 + 2j),
        "half": y.astype(np.float16),
    },
    "text": lambda y: {"label": "cat"},
    "nothing": lambda y: None,
    "texts": lambda y: np.array(["a"]),
    "odd": lambda y: {"x": y, "bad": object()},
}


def get_predict_args():
    return {
        "form": fields.Str(load_default="tensor"),
        "y": Tensor(required=True),
        "sigma": fields.Float(allow_nan=True, load_default=0.0),
        "weights": Tensor("float64", (-1,), load_default=[1.0]),
        "odd-name": fields.Bool(load_default=False),
    }


def predict(form, y, sigma, weights, **others):
    if form == "given":
        told = [float(sigma), *weights.tolist()]
        return {"x": y, "told": told, "odd": others["odd-name"]}
    return FORMS[form](y)
