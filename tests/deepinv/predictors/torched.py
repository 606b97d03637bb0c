"""A typed predictor with PyTorch tensors."""

import torch


class Torched:
    def predict(
        self, y: torch.Tensor, mask: torch.Tensor | None = None, scale: float = 1.0
    ) -> dict:
        x_hat = y if mask is None else y * mask
        return {"x_hat": x_hat if scale == 1 else x_hat * scale, "norm": y.abs().float().mean()}
