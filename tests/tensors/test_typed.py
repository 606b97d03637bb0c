"""Typed predictors that take and return arrays of NumPy and of PyTorch."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import marshmallow
import numpy as np
import pytest
from cog_runtime.served import Served, serve

from deepaas.kinds.cog.worker.faults import Faults
from deepaas.messages import Tensor as Sent
from deepaas.messages import TensorDetails, Values
from deepaas.protocols.cog.checking import Checker
from deepaas.protocols.cog.schema import input_schema
from deepaas.runtime.results import BreaksSchema
from deepaas.tensors.arrays import tensor_of

NUMPY = """
from dataclasses import dataclass
from typing import Annotated, Optional

import numpy as np
import numpy.typing as npt
from cog import Input
from deepaas.model.v2 import Tensor


@dataclass
class Out:
    doubled: Annotated[np.ndarray, Tensor("float32", (-1, 2))]
    seen: list[str]


def run(
    x: Annotated[np.ndarray, Tensor("float32", (-1, 2))] = Input(description="Points"),
    n: npt.NDArray[np.int8] = np.array([1], np.int8),
    o: Optional[Annotated[np.ndarray, Tensor("bfloat16")]] = None,
    many: list[np.ndarray] = [],
) -> Out:
    n += 1
    doubled = x * 2 if n[0] == 2 else x
    return Out(doubled.astype(np.float64) if n[0] == 9 else doubled, [
        f"{type(one).__name__} {getattr(one, 'dtype', '')}" for one in (x, n, o, *many)
    ])
"""
TORCH = """
from typing import Optional, TypedDict

import torch


class Out(TypedDict):
    sum: torch.Tensor
    seen: str


def run(x: torch.Tensor, bias: torch.Tensor = torch.ones(1)) -> Out:
    bias += 1
    return {"sum": x.sum() + bias, "seen": f"{x.dtype} {tuple(x.shape)}"}
"""


@pytest.fixture(scope="module")
def numpy_model(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return serve(NUMPY, tmp_path_factory.mktemp("typed"))


@pytest.fixture(scope="module")
def torch_model(tmp_path_factory: pytest.TempPathFactory) -> Served:
    pytest.importorskip("torch")
    return serve(TORCH, tmp_path_factory.mktemp("typed"))


def url(array: Any) -> str:
    file = io.BytesIO()
    np.save(file, array)
    return f"data:;base64,{base64.b64encode(file.getvalue()).decode()}"


def test_numpy_in_and_out(numpy_model: Served) -> None:
    for _ in range(2):  # The default is not what the call before has made of it.
        told = numpy_model.returned(x=[[1, 2]])
        assert told == {"doubled": [[2.0, 4.0]], "seen": ["ndarray float32", "ndarray int8", *NONE]}
    told = numpy_model.returned(x=url(np.ones((1, 2), "f")), o=[1.5], many=[[1], [[True]]])
    seen = ["ndarray float32", "ndarray int64", "ndarray bool"]
    assert told["seen"][2:] == seen


NONE = ["NoneType "]


def test_results_are_checked(numpy_model: Served) -> None:
    with pytest.raises(BreaksSchema, match=r"float32 of shape \[-1, 2\], got float64"):
        numpy_model.returned(x=[[1, 2]], n=[8])


def test_wrong_ones_are_told_of(numpy_model: Served) -> None:
    with pytest.raises(marshmallow.ValidationError) as raised:
        numpy_model.returned(x=[[1, 2, 3]], n=[300])
    assert raised.value.messages == {
        "x": ["expected float32 of shape [-1, 2], got float32 of shape [1, 3]"],
        "n": ["a number is out of the range of int8"],
    }


def test_pytorch_in_and_out(torch_model: Served) -> None:
    for _ in range(2):
        assert torch_model.returned(x=[1.5, 2]) == {
            "sum": [5.5],
            "seen": "torch.float64 (2,)",
        }
    arguments = torch_model.model.arguments("predict")
    assert arguments is not None
    sent = Sent("bfloat16", [1, 2], b"\xc0\x3f\x80\x3f")
    for checked in (False, True):
        x = arguments.load(Values(checked=checked, tensors=[("x", sent)]))["x"]
        assert str(x.dtype) == "torch.bfloat16"
        assert x.tolist() == [[1.5, 1.0]]


def test_what_doors_are_told(numpy_model: Served, torch_model: Served) -> None:
    result = numpy_model.signature.result
    assert result.tensors == {"doubled": TensorDetails("float32", [-1, 2])}
    assert torch_model.signature.result.tensors == {"sum": TensorDetails()}
    tensors = [argument.tensor for argument in numpy_model.signature.arguments]
    assert tensors[:3] == [
        TensorDetails("float32", [-1, 2]),
        TensorDetails("int8"),
        TensorDetails("bfloat16"),
    ]


def test_cog_has_lists_and_files(numpy_model: Served) -> None:
    schema = input_schema(numpy_model.signature)
    number = {"type": "number", "nullable": True}
    row = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    assert schema["properties"]["x"] == {
        "title": "X",
        "description": "Points",
        "anyOf": [{"type": "array", "items": row}, {"type": "string", "format": "uri"}],
        "x-tensor": {"dtype": "float32", "shape": [-1, 2]},
        "x-order": 0,
    }
    # Whether one is right says the worker, in its words.
    assert Checker(schema).faults({"x": [[1, 2, 3]]}) == []
    arguments = numpy_model.model.arguments("predict")
    assert arguments is not None
    with pytest.raises(marshmallow.ValidationError, match="expected float32 of shape"):
        arguments.load(Values({"x": [[1, 2, 3]]}, checked=True))
    array = np.ones((1, 2), "f")
    for given in (
        Values({"x": [[1, 1]]}, checked=True),
        Values({"x": url(array)}, checked=True),
        Values(checked=True, tensors=[("x", tensor_of(array))]),
    ):
        np.testing.assert_array_equal(arguments.load(given)["x"], array)


@pytest.mark.parametrize(
    ("returns", "value", "answered", "tensors"),
    [
        ("np.ndarray", "np.eye(2)", [[1.0, 0.0], [0.0, 1.0]], {"": TensorDetails()}),
        ("Annotated[np.ndarray, Tensor('int8')]", "np.int8([1])", [1], {"": TensorDetails("int8")}),
        ("np.ndarray", "np.array([1 + 2j, np.nan])", [[1.0, 2.0], [None, 0.0]], None),
        ("np.ndarray", "np.complex64(1 + 2j)", [1.0, 2.0], None),
        ("dict[str, np.ndarray]", "{'a': np.ones(1)}", {"a": [1.0]}, {}),
        ("list[np.ndarray]", "[np.ones(1), np.zeros(2)]", [[1.0], [0.0, 0.0]], {}),
        ("Optional[np.ndarray]", "None", None, {"": TensorDetails()}),
    ],
)
def test_results_of_each_kind(
    returns: str, value: str, answered: Any, tensors: Any, tmp_path: Path
) -> None:
    source = f"""
        from typing import Annotated, Optional
        import numpy as np
        from deepaas.model.v2 import Tensor

        def run() -> {returns}:
            return {value}
        """
    model = serve(source, tmp_path)
    assert model.returned() == answered
    assert tensors is None or model.signature.result.tensors == tensors


@pytest.mark.parametrize(
    ("annotation", "default", "said"),
    [
        ("Annotated[np.ndarray, Tensor('float8')]", "None", "unknown dtype 'float8'"),
        ("Annotated[np.ndarray, Tensor(shape=(-2,))]", "None", "invalid shape (-2,)"),
        (
            "Annotated[str, Tensor('int8')]",
            "''",
            "Tensor() is only for numpy.ndarray and torch.Tensor",
        ),
        ("np.ndarray | str", "''", "a tensor cannot be part of a union"),
        (
            "Annotated[np.ndarray, Tensor('int8')]",
            "np.ones(1)",
            "the default does not match the declaration: expected int8, got float64 of shape [1]",
        ),
    ],
)
def test_faults_are_told(annotation: str, default: str, said: str, tmp_path: Path) -> None:
    source = f"""
        from typing import Annotated
        import numpy as np
        from deepaas.model.v2 import Tensor

        def run(x: {annotation} = {default}) -> str:
            return ""
        """
    with pytest.raises(Faults) as raised:
        serve(source, tmp_path)
    assert said in str(raised.value)
