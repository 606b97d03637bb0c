"""The author's side of a V2 model. These import paths are fixed."""

from __future__ import annotations

from dataclasses import dataclass

from deepaas.model.v2.batches import batched

__all__ = ["InvalidArgument", "Tensor", "batched"]


@dataclass(frozen=True)
class Tensor:
    """Dtype and shape for ``Annotated[numpy.ndarray, Tensor("float32", (-1, 3, 224, 224))]``.

    Attributes:
        dtype: a name such as ``float32``, or a dtype of NumPy or PyTorch, None for any.
        shape: sizes, -1 for any; None for any shape.
    """

    dtype: object = None
    shape: tuple[int, ...] | None = None


class InvalidArgument(ValueError):
    """Raised by ``predict`` for an argument that only the model can find to be invalid::

        if mask.shape != y.shape[-2:]:
            raise InvalidArgument("mask", f"expected the shape {y.shape[-2:]}, got {mask.shape}")

    The client gets it like a failed validation: through V2 as a 422 with
    ``{"mask": ["expected …"]}``. It is not an error of the model.

    Attributes:
        name: of the argument.
        message: why its value is invalid, for the client.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        """Exceptions with several arguments cannot be copied to another process without this."""
        return type(self), (self.name, self.message)
