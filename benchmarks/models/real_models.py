"""Models that do real work, the same code in each server that is compared.

Each has ``one`` (from what the server has decoded to the answer) and ``many``, which does the same
for several at once. Nothing is imported before a model is made.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

CALL_SECONDS, ITEM_SECONDS = 0.010, 0.0005
"""The cost curve of the model that sleeps: of a batch, and of each of its items."""


class RealModel(Protocol):
    def one(self, item: Any) -> Any: ...

    def many(self, items: Sequence[Any]) -> list[Any]: ...


class Digits:
    """A network of three layers, one thread; takes 784 numbers."""

    def __init__(self) -> None:
        self._torch = torch = _torch()
        layers = [torch.nn.Linear(784, 2048), torch.nn.ReLU(), torch.nn.Linear(2048, 2048)]
        self._network = torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Linear(2048, 10))
        self._network.eval()

    def one(self, item: Any) -> Any:
        return self.many([item])[0]

    def many(self, items: Sequence[Any]) -> list[Any]:
        torch = self._torch
        with torch.inference_mode():
            found: list[Any] = self._network(torch.tensor(items)).argmax(1).tolist()
        return found


class Pictures:
    """A small convolutional network; takes a JPEG of 64×64 pixels as bytes or as a file."""

    def __init__(self) -> None:
        self._torch = torch = _torch()
        nn = torch.nn
        layers = [nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
        self._network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10)).eval()

    def one(self, item: Any) -> Any:
        return self.many([item])[0]

    def many(self, items: Sequence[Any]) -> list[Any]:
        torch = self._torch
        pictures = torch.stack([self._pixels(item) for item in items])
        with torch.inference_mode():
            found: list[Any] = self._network(pictures).argmax(1).tolist()
        return found

    def _pixels(self, item: Any) -> Any:
        import numpy as np
        from PIL import Image

        with Image.open(item) as picture:
            pixels = np.asarray(picture.convert("RGB"), np.float32)
        return self._torch.from_numpy(pixels).permute(2, 0, 1) / 255


class Arrays:
    """A convolution with large steps; takes 3×224×224 numbers of float32 as a NumPy array."""

    def __init__(self) -> None:
        self._torch = torch = _torch()
        nn = torch.nn
        layers = [nn.Conv2d(3, 16, 16, stride=16), nn.ReLU(), nn.AdaptiveAvgPool2d(1)]
        self._network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16, 10)).eval()

    def one(self, item: Any) -> Any:
        return self.many([item])[0]

    def many(self, items: Sequence[Any]) -> list[Any]:
        import numpy as np

        torch = self._torch
        with torch.inference_mode():
            found: list[Any] = self._network(torch.from_numpy(np.stack(items))).argmax(1).tolist()
        return found


class Sleeps:
    """Takes the time that its cost curve says, and no processor."""

    def one(self, item: Any) -> Any:
        return self.many([item])[0]

    def many(self, items: Sequence[Any]) -> list[Any]:
        time.sleep(CALL_SECONDS + ITEM_SECONDS * len(items))
        return [1] * len(items)


class Rows:
    """A logistic regression of scikit-learn; takes a row of 20 numbers."""

    def __init__(self) -> None:
        import numpy as np
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

        table = np.random.default_rng(7).normal(size=(500, 20))
        self._model = LogisticRegression().fit(table, table[:, 0] + table[:, 1] > 0)

    def one(self, item: Any) -> Any:
        return self.many([item])[0]

    def many(self, items: Sequence[Any]) -> list[Any]:
        import numpy as np

        found: list[Any] = self._model.predict(np.asarray(items)).astype(int).tolist()
        return found


MODELS: dict[str, type[RealModel]] = {
    "digits": Digits,
    "pictures": Pictures,
    "arrays": Arrays,
    "sleeps": Sleeps,
    "rows": Rows,
}


def _torch() -> Any:
    import torch

    # The load generator and the server need the other core.
    torch.set_num_threads(1)
    torch.manual_seed(7)
    return torch
