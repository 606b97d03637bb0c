"""Builds the physics of DeepInverse from PyTorch tensors and from NumPy arrays, and describes them.

The first argument is the checkout, the second where the packages are that DEEPaaS needs. It prints
a line of JSON for each case.
"""

import json
import sys

import numpy as np
import torch

sys.path.insert(0, sys.argv[1])
sys.path.append(sys.argv[2])

from deepaas.model.deepinv import NAMES, deepinv_physics
from deepaas.model.v2 import InvalidArgument

KERNEL = np.ones((5, 3), np.float32) / 15
COLOURS, TWO = torch.rand(2, 3, 32, 40), torch.rand(2, 2, 32, 40)
MASK = np.tile([[1], [0]], (16, 40)).astype(np.uint8)
RIGHT = [
    ("denoising", COLOURS, {}),
    ("denoising", COLOURS, {"sigma": 0.3}),
    ("inpainting", COLOURS, {"mask": MASK}),
    ("inpainting", COLOURS, {"mask": MASK[None].repeat(2, 0)[:, None], "sigma": 0.1}),
    ("demosaicing", COLOURS, {}),
    ("blur", COLOURS, {"filter": KERNEL}),
    ("blur", COLOURS, {"filter": np.stack([KERNEL] * 3), "padding": "valid"}),
    ("downsampling", COLOURS, {"factor": 4}),
    ("mri", TWO, {"mask": MASK}),
]
WRONG = [
    ("inpainting", COLOURS, {}),
    ("inpainting", COLOURS, {"mask": MASK.T}),
    ("demosaicing", TWO, {}),
    ("blur", COLOURS, {"filter": np.ones((99, 3))}),
    ("blur", COLOURS, {"filter": np.ones((2, 5, 5))}),
    ("blur", COLOURS, {"filter": np.ones((0, 5))}),
    ("blur", COLOURS, {"filter": np.ones((1,) * 5)}),
    ("blur", COLOURS, {"filter": KERNEL, "padding": "none"}),
    ("downsampling", COLOURS, {"factor": 1000}),
    ("mri", COLOURS, {"mask": MASK}),
    ("SpaceVaryingBlur", COLOURS, {}),
]

physics = deepinv_physics()
assert physics.names == NAMES
for name, y, given in RIGHT:
    built = physics.build(name, y, **given)
    x = built.A_adjoint(y)
    same = torch.equal(physics.build(name, y.numpy(), **given).A_adjoint(y), x)
    told = {
        "name": name,
        "kind": type(built).__name__,
        "noise": type(built.noise_model).__name__,
        "sigma": float(getattr(built.noise_model, "sigma", 0)),
        "x": list(x.shape),
        "y": list(built.A(x).shape),
        "same": same,
    }
    print(json.dumps(told))


def refused(name, y, given):
    try:
        physics.build(name, y, **given)
    except InvalidArgument as error:
        return error.name
    return ""


for case in WRONG:
    print(json.dumps({"name": case[0], "refused": refused(*case)}))
