"""The author's side of a V2 model. These import paths are fixed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tensor:
    """Dtype and shape for ``Annotated[numpy.ndarray, Tensor("float32", (-1, 3, 224, 224))]``.

    Attributes:
        dtype: a name such as ``float32``, or a dtype of NumPy or PyTorch, None for any.
        shape: sizes, -1 for any; None for any shape.
    """

    dtype: object = None
    shape: tuple[int, ...] | None = None
