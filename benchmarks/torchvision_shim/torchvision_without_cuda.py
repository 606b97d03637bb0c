"""Declares the operators that torchvision expects from its library, which cannot be loaded."""

DECLARED = []
"""Keeps what is declared: it ends with the object."""


def declare() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    DECLARED.append(library)
