"""Tensors of any dtype and shape, given back as they came; or what a model should not give."""

from pathlib import Path

import numpy as np
from webargs import fields

from deepaas.model.v2.fields import Tensor

RESULTS = {
    "list": lambda x: [x, x + x],
    "number": lambda x: float(x.ravel()[0]),
    "scalar": lambda x: x.ravel()[0],
    "complex": lambda x: {"same": x.astype(np.complex64)},
    "path": lambda _: Path(__file__),
    "open": lambda _: open(__file__, "rb"),
    "object": lambda _: {"same": object()},
    "nan": lambda _: {"same": np.array([1, np.nan], np.float32)},
    "infinite": lambda _: {"same": np.array([1, np.inf], np.float32)},
    "not text": lambda _: {"same": np.array([b"\xff", b"a"], object)},
    "mixed": lambda x: {
        "same": x,
        "text": "héllo",
        "texts": ["a", "é"],
        "flags": [True, False],
        "whole": 7,
        "nested": [[1, 2], [3.5, 4]],
        "large": 2**63,
        "none": None,
        "bytes": b"\x00\xff",
        "ragged": [[1], [2, 3]],
        "empty": [],
        "array of numbers": [np.float32(1.5), np.float32(2)],
    },
}


KEPT = []


def keep(x):
    KEPT[:] = [x]
    return {"same": x}


RESULTS |= {"keep": keep, "kept": lambda _: {"same": KEPT[0]}}


def get_predict_args():
    return {"x": Tensor(required=True), "kind": fields.Str(load_default="same")}


def predict(x, kind):
    return RESULTS.get(kind, lambda x: {"same": x})(x)
