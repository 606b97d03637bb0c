"""The physics of ``deepinv`` that a name, numbers and tensors can describe."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from marshmallow import fields, validate

from deepaas.model.deepinv.registry import Build, PhysicsRegistry
from deepaas.model.deepinv.shapes import fitting, like
from deepaas.model.v2 import InvalidArgument
from deepaas.model.v2.fields import Tensor
from deepaas.near_names import did_you_mean

NAMES = ("denoising", "inpainting", "demosaicing", "blur", "downsampling", "mri")

MAX_FACTOR = 16
"""Of ``downsampling``: its images have so many times the measurement's height and width."""


def deepinv_physics(*names: str) -> PhysicsRegistry:
    """Return a new registry with physics of ``deepinv``, all of ``NAMES`` or those named.

    Add your own with :meth:`PhysicsRegistry.add`.

    Raises:
        ImportError: ``deepinv`` is not installed.
        ValueError: unknown name.
    """
    if importlib.util.find_spec("deepinv") is None:
        raise ImportError(
            "the physics of deepinv need deepinv, which is not installed: "
            "pip install 'deepaas[deepinv]'"
        )
    registry, known = PhysicsRegistry(), _known()
    for name in names or NAMES:
        if name not in known:
            near = did_you_mean(name, known) or "."
            raise ValueError(f"unknown physics {name!r}{near} Available: {', '.join(known)}")
        build, parameters = known[name]
        registry.add(name, _with_tensors(build), **parameters)
    return registry


def _with_tensors(build: Build) -> Build:
    """Let a function for PyTorch tensors take NumPy arrays too."""

    def built(y: Any, **parameters: Any) -> Any:
        tensor = importlib.import_module("torch").as_tensor(y)
        return build(tensor, **{name: like(tensor, one) for name, one in parameters.items()})

    return built


def _made(kind: str, y: Any, sigma: float, **options: Any) -> Any:
    """A physics with Gaussian noise, on the device of the measurement."""
    physics = importlib.import_module("deepinv.physics")
    noise = physics.GaussianNoise(sigma) if sigma else physics.ZeroNoise()
    made = getattr(physics, kind)(noise_model=noise, device=y.device, **options)
    return made.to(y.device)


def _denoising(y: Any, sigma: float) -> Any:
    return _made("Denoising", y, sigma)


def _inpainting(y: Any, mask: Any, sigma: float) -> Any:
    mask = fitting("mask", mask, y).to(_real(y))
    return _made("Inpainting", y, sigma, img_size=tuple(y.shape[1:]), mask=mask)


def _demosaicing(y: Any, sigma: float) -> Any:
    if y.ndim != 4 or y.shape[1] != 3:
        raise InvalidArgument(
            "physics", f"'demosaicing' needs the shape [B, 3, H, W], not {list(y.shape)}."
        )
    return _made("Demosaicing", y, sigma, img_size=tuple(y.shape[1:]))


def _blur(y: Any, filter: Any, padding: str, sigma: float) -> Any:
    own = (1,) * (y.ndim - filter.ndim) + tuple(filter.shape)
    if len(own) != y.ndim or not _is_kernel(own, tuple(y.shape), padding):
        raise InvalidArgument(
            "filter",
            f"The shape {list(filter.shape)} does not fit the measurement of shape "
            f"{list(y.shape)}: expected for example [5, 5].",
        )
    return _made("Blur", y, sigma, filter=filter.reshape(own).to(_real(y)), padding=padding)


def _is_kernel(own: tuple[int, ...], measured: tuple[int, ...], padding: str) -> bool:
    """Whether it is for one or each item and channel, and not larger than the image."""
    pairs = [*zip(own, measured, strict=True)]
    small = padding == "valid" or all(size <= right for size, right in pairs[-2:])
    return small and 0 not in own and all(size in (1, right) for size, right in pairs[:-2])


def _downsampling(y: Any, factor: int, sigma: float) -> Any:
    size = (*y.shape[1:-2], y.shape[-2] * factor, y.shape[-1] * factor)
    return _made("Downsampling", y, sigma, img_size=size, factor=factor, filter="bicubic")


def _mri(y: Any, mask: Any, sigma: float) -> Any:
    if y.ndim != 4 or y.shape[1] != 2:
        raise InvalidArgument(
            "physics",
            f"'mri' needs the shape [B, 2, H, W], real and imaginary part, not {list(y.shape)}.",
        )
    mask = fitting("mask", mask, y).to(_real(y)).expand(-1, 2, *y.shape[-2:])
    return _made("MRI", y, sigma, img_size=tuple(y.shape[-2:]), mask=mask)


def _real(y: Any) -> Any:
    """The dtype of a real tensor with the precision of the measurement."""
    return y.real.dtype


def _noise(default: float) -> fields.Field:
    return fields.Float(
        load_default=default,
        validate=validate.Range(min=0),
        metadata={"description": "Standard deviation of the noise"},
    )


def _mask() -> fields.Field:
    about = "1 where it was measured, 0 elsewhere, such as (H, W)"
    return Tensor(required=True, metadata={"description": about})


def _known() -> dict[str, tuple[Build, dict[str, fields.Field]]]:
    kernel = Tensor(required=True, metadata={"description": "Blur kernel, such as (5, 5)"})
    padding = fields.Str(
        load_default="circular",
        validate=validate.OneOf(["circular", "reflect", "replicate", "valid"]),
        metadata={"description": "What is beyond the border of the image"},
    )
    factor = fields.Int(
        load_default=2,
        validate=validate.Range(2, MAX_FACTOR),
        metadata={"description": "How many times smaller the measurement is than the image"},
    )
    return {
        "denoising": (_denoising, {"sigma": _noise(0.1)}),
        "inpainting": (_inpainting, {"mask": _mask(), "sigma": _noise(0)}),
        "demosaicing": (_demosaicing, {"sigma": _noise(0)}),
        "blur": (_blur, {"filter": kernel, "padding": padding, "sigma": _noise(0)}),
        "downsampling": (_downsampling, {"factor": factor, "sigma": _noise(0)}),
        "mri": (_mri, {"mask": _mask(), "sigma": _noise(0)}),
    }
