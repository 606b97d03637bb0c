"""The network, and how to use it."""

import torch
from PIL import Image
from torch import nn

from .data import LABELS, SIDE, to_tensor


class Network(nn.Sequential):
    """A small convolutional network for pictures of SIDE by SIDE pixels."""

    def __init__(self) -> None:
        super().__init__(
            *_stage(3, 16),
            *_stage(16, 32),
            *_stage(32, 64),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(64 * (SIDE // 8) ** 2, len(LABELS)),
        )


def _stage(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


def classify(network: Network, picture: Image.Image) -> list[float]:
    """Return the probabilities of `LABELS`, in the same order."""
    network.eval()
    with torch.inference_mode():
        return network(to_tensor(picture)[None]).softmax(dim=1)[0].tolist()
