"""Tensors of parameters beside a measurement: of which library they are, and whether they fit."""

from __future__ import annotations

from typing import Any

from deepaas.model.v2 import InvalidArgument


def like(y: Any, value: Any) -> Any:
    """A NumPy array as what the measurement ``y`` is; numbers with a fraction in its precision.
    Other values are returned as they are."""
    if not _is(value, "numpy", "ndarray") or not _is(y, "torch", "Tensor"):
        return value
    import torch

    made = torch.from_numpy(value)
    precision = torch.empty((), dtype=y.dtype).real.dtype if y.dtype.is_complex else y.dtype
    own = made.is_floating_point() and precision.is_floating_point
    return made.to(device=y.device, dtype=precision if own else made.dtype)


def fitting(name: str, value: Any, y: Any) -> Any:
    """A parameter with as many dimensions as the measurement ``y``, the first ones of size 1.

    Each of its sizes must be 1 or that of ``y``, aligned at the last dimension: a mask can be
    (H, W) for a measurement (B, C, H, W).

    Raises:
        InvalidArgument: it does not fit.
    """
    found, wanted = tuple(value.shape), tuple(y.shape)
    own = (1,) * (len(wanted) - len(found)) + found
    if len(own) != len(wanted) or any(
        size not in (1, right) for size, right in zip(own, wanted, strict=True)
    ):
        example = [*wanted[-2:]] if len(wanted) > 2 else [*wanted]
        raise InvalidArgument(
            name,
            f"The shape {list(found)} does not fit the measurement of shape {list(wanted)}: "
            f"expected for example {example}.",
        )
    return value.reshape(own)


def _is(value: Any, module: str, kind: str) -> bool:
    """Whether it is of a class, or of a subclass, of a library that may not be imported."""
    return any(
        one.__name__ == kind and one.__module__.partition(".")[0] == module
        for one in type(value).__mro__
    )
