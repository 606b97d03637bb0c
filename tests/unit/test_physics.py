"""Registries of physics: what authors declare, and what clients may send."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any, Literal

import marshmallow
import numpy as np
import pytest
from marshmallow import fields, validate

from deepaas.model.deepinv import NAMES, PhysicsRegistry, deepinv_physics, fitting
from deepaas.model.v2 import InvalidArgument
from deepaas.model.v2.fields import Tensor

Y = np.zeros((1, 3, 8, 6), np.float32)


def noise(default: float = 0.1, **options: Any) -> fields.Field:
    return fields.Float(load_default=default, **options)


def built(_y: Any, **parameters: Any) -> dict[str, Any]:
    return parameters


@pytest.fixture
def registry() -> PhysicsRegistry:
    made = PhysicsRegistry()
    made.add("denoising", built, sigma=noise(validate=validate.Range(min=0)))
    made.add("inpainting", built, mask=Tensor(required=True), sigma=noise(0))
    made.add("plain", built)
    return made


def refusal(registry: PhysicsRegistry, physics: Any, **parameters: Any) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        registry.build(physics, Y, **parameters)
    return caught.value


def test_importing_it_imports_neither_deepinv_nor_torch() -> None:
    code = "import sys, deepaas.model.deepinv; sys.exit({'deepinv', 'torch'} & set(sys.modules))"
    subprocess.run([sys.executable, "-c", code.replace("exit(", "exit(len(") + ")"], check=True)


def test_defaults_and_values(registry: PhysicsRegistry) -> None:
    assert registry.build("denoising", Y) == {"sigma": 0.1}
    assert registry.build("denoising", Y, sigma=0, mask=None) == {"sigma": 0.0}
    found = registry.build("inpainting", Y, mask=[[1, 0], [0, 1]])
    assert found["mask"].tolist() == [[1, 0], [0, 1]]
    assert registry.build("plain", Y) == {}


@pytest.mark.parametrize("name", ["denoisin", "", "__import__('os').getcwd()", 7, None, ("a",)])
def test_a_name_is_only_looked_up(registry: PhysicsRegistry, name: Any) -> None:
    refused = refusal(registry, name)
    assert refused.name == "physics"
    assert refused.message.startswith(f"Unknown physics {name!r}.")
    assert refused.message.endswith("Available: denoising, inpainting, plain.")
    assert ("Did you mean denoising?" in refused.message) is (name == "denoisin")


def test_parameters_that_do_not_belong_to_it(registry: PhysicsRegistry) -> None:
    assert refusal(registry, "denoising", mask=[1]).message == (
        "Not a parameter of the physics 'denoising'. It has: sigma."
    )
    assert "Did you mean sigma?" in refusal(registry, "inpainting", mask=[1], sigm=1).message
    assert refusal(registry, "plain", sigma=1).message.endswith("It has none.")


def test_values_that_it_does_not_take(registry: PhysicsRegistry) -> None:
    refused = refusal(registry, "denoising", sigma=-1)
    assert (refused.name, refused.message) == ("sigma", "Must be greater than or equal to 0.")
    assert refusal(registry, "denoising", sigma="much").message == "Not a valid number."
    assert refusal(registry, "inpainting").message == "Missing: the physics 'inpainting' needs it."
    assert "not a tensor" in refusal(registry, "inpainting", mask="pickle").message


def test_arguments(registry: PhysicsRegistry) -> None:
    schema = marshmallow.Schema.from_dict(registry.arguments(default="denoising"))()
    assert schema.load({}) == {"physics": "denoising", "sigma": None, "mask": None}
    # Only "denoising" has the limit, so that `build` checks it.
    assert schema.load({"sigma": -1})["sigma"] == -1
    assert schema.validate({"physics": "inpaintin"})["physics"] == [
        "Unknown physics 'inpaintin'. Did you mean inpainting? "
        "Available: denoising, inpainting, plain."
    ]
    told = schema.fields["sigma"].metadata["description"]
    assert told == "For denoising (default 0.1); inpainting (default 0)"
    assert registry.arguments()["physics"].required
    assert registry.annotation == Literal["denoising", "inpainting", "plain"]
    # The author's own fields stay as they were declared.
    assert refusal(registry, "inpainting").name == "mask"


def test_mistakes_of_authors(registry: PhysicsRegistry) -> None:
    with pytest.raises(ValueError, match=r"'sigma' of 'blur' is a String, that of 'denoising'"):
        registry.add("blur", built, sigma=fields.Str())
    with pytest.raises(ValueError, match="'physics' needs another name"):
        registry.add("blur", built, physics=fields.Str())
    with pytest.raises(ValueError, match="Did you mean denoising"):
        registry.arguments(default="denoisin")
    assert registry.names == ("denoising", "inpainting", "plain")


def test_one_is_replaced(registry: PhysicsRegistry) -> None:
    registry.add("plain", built, level=fields.Str(load_default="low"))
    assert registry.build("plain", Y) == {"level": "low"}


def test_parameters_of_one_name_and_several_shapes() -> None:
    registry = PhysicsRegistry()
    registry.add("a", built, kernel=Tensor("float32", (3, 3)))
    registry.add("b", built, kernel=Tensor("float32", (-1,)))
    field = registry.arguments()["kernel"]
    assert field.deserialize([1, 2]).tolist() == [1, 2]
    assert "expected float32 of shape [3, 3]" in refusal(registry, "a", kernel=[1, 2]).message
    assert registry.build("b", Y, kernel=[1, 2])["kernel"].tolist() == [1, 2]


@pytest.mark.parametrize("shape", [(8, 6), (1, 6), (3, 8, 6), (1, 1, 8, 6), ()])
def test_what_fits_a_measurement(shape: tuple[int, ...]) -> None:
    assert fitting("mask", np.ones(shape), Y).ndim == 4


@pytest.mark.parametrize("shape", [(6, 8), (2, 8, 6), (2, 1, 8, 6), (1, 1, 1, 8, 6), (0, 6)])
def test_what_does_not(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        fitting("mask", np.ones(shape), Y)
    assert caught.value.name == "mask"
    assert caught.value.message == (
        f"The shape {list(shape)} does not fit the measurement of shape [1, 3, 8, 6]: "
        "expected for example [8, 6]."
    )


@pytest.mark.torch
def test_tensors_beside_tensors() -> None:
    import torch

    registry = PhysicsRegistry()
    registry.add("a", built, mask=Tensor(), angles=Tensor("int64"))
    y = torch.zeros(1, dtype=torch.float16)
    found = registry.build("a", y, mask=np.ones(3), angles=[1])
    assert (found["mask"].dtype, found["angles"].dtype) == (torch.float16, torch.int64)
    assert registry.build("a", y.to(torch.complex64), mask=[0.5])["mask"].dtype == torch.float32
    assert registry.build("a", y)["mask"] is None


def test_the_exception_can_be_copied() -> None:
    copied = pickle.loads(pickle.dumps(InvalidArgument("mask", "too large")))
    assert (copied.name, copied.message, str(copied)) == ("mask", "too large", "mask: too large")


def test_deepinv_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepinv", None)
    with pytest.raises(ImportError, match=r"pip install 'deepaas\[deepinv\]'"):
        deepinv_physics()
    assert NAMES[0] == "denoising"
