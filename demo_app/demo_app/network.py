"""The network: three convolutions and one linear layer, about 6,000 weights."""

import torch
from torch import Tensor, nn

from demo_app.images import GRID, INK_MAX, Floats

CLASSES = 10


class DigitNet(nn.Module):
    """Maps ink grids, float tensor (n, 1, 8, 8) in 0..1, to logits, float tensor (n, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(12, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 24, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.15),
            nn.Flatten(),
            nn.Linear(24 * (GRID // 4) ** 2, CLASSES),
        )

    def forward(self, ink: Tensor) -> Tensor:
        logits: Tensor = self.layers(ink)
        return logits


def to_tensor(grids: Floats) -> Tensor:
    """Ink grids, array (n, 8, 8) in 0..16, to the network's input (n, 1, 8, 8) in 0..1."""
    return torch.from_numpy(grids / INK_MAX).float().unsqueeze(1)


def classify(network: DigitNet, grids: Floats) -> Floats:
    """The probability of each digit.

    Args:
        grids: array (n, 8, 8), ink 0..16.

    Returns:
        float32 array (n, 10); each row sums to 1.
    """
    network.eval()
    with torch.inference_mode():
        probabilities: Floats = network(to_tensor(grids)).softmax(dim=1).numpy()
    return probabilities
