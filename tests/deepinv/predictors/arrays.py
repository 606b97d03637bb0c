"""Typed predictors with NumPy arrays."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from deepaas.model.v2 import Tensor


class Same:
    """Gives back what it got, whatever it is."""

    def predict(self, y: np.ndarray, times: int = 1) -> np.ndarray:
        assert "torch" not in sys.modules
        return y if times == 1 else np.concatenate([y] * times)


class Denoise:
    """Takes what a reconstruction takes."""

    def predict(
        self,
        y: Annotated[np.ndarray, Tensor("float32", (-1, 1, -1, -1))],
        physics: Literal["denoising", "inpainting"] = "denoising",
        sigma: float = 0.1,
        mask: np.ndarray | None = None,
        steps: list[float] | None = None,
        note: str = "",
    ) -> dict:
        if note == "fail":
            raise RuntimeError("the network has no weights")
        if y.shape[-1] % 2:
            raise ValueError(f"the width must be even, got {y.shape[-1]}")
        if note == "exit":
            sys.exit(3)
        x_hat = y * np.float32(1 - sigma) if physics == "denoising" else np.where(mask, y, 0)
        return {
            "x_hat": x_hat,
            "physics": physics,
            "psnr": float("nan") if np.isnan(sigma) else 30.5,
            "steps": steps,
            "mean": y.mean(),
            "residual": y - x_hat,
            "note": note,
        }


class Steps:
    """Yields each step of an iteration."""

    def predict(self, y: np.ndarray, count: int = 3) -> Iterator[np.ndarray]:
        for number in range(count):
            yield y + np.float32(number)


class Stored:
    """Takes a file, which is one of torch.save."""

    def predict(self, stored: Path) -> dict:
        content = stored.read_bytes()
        return {"bytes": len(content), "begin": content[:4].decode("latin-1")}
