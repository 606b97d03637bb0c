"""A very small network that removes noise, the same in each server that is compared."""

from typing import Any

import torch

# The load generator and the server need the other core.
torch.set_num_threads(1)
torch.manual_seed(7)
NETWORK = torch.nn.Conv2d(1, 1, 5, padding=2).eval()


def denoised(y: Any) -> Any:
    """Takes one channel at a time."""
    with torch.inference_mode():
        return NETWORK(y.reshape(-1, 1, *y.shape[-2:])).reshape(y.shape)
