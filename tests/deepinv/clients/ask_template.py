"""Calls the model of the template as DeepInverse's client does; what it should give is at hand.

Arguments: the model's URL, and a file of `torch.save` with a list of calls.
"""

import sys

import torch
from deepinv.models import Client

model = Client(sys.argv[1])
for given, expected in torch.load(sys.argv[2], weights_only=True):
    x_hat = model(**given)
    assert x_hat.dtype == expected.dtype, x_hat.dtype
    assert torch.allclose(x_hat, expected, atol=1e-5), (x_hat - expected).abs().max()
    print(given.get("physics", "denoising"))
try:
    model(y=torch.ones(1, 1, 8, 8), physics="denoisin")
except RuntimeError as error:
    assert "denoisin" in str(error), error
    assert "Did you mean denoising" in str(error), error
else:
    raise AssertionError("an unknown physics was accepted")
