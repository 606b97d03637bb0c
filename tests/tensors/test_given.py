"""Arguments that are tensors, in all forms in which they are sent, and what is refused."""

from __future__ import annotations

import base64
import io
import json
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import marshmallow
import msgspec
import numpy as np
import pytest
from webargs import fields

from deepaas.messages import RawRequest, Upload, Values
from deepaas.messages import Tensor as Sent
from deepaas.model.v2.fields import Tensor
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.describe import describe
from deepaas.runtime.plain_tensors import InputFiles, value_of
from deepaas.runtime.results import BreaksSchema, Results
from deepaas.tensors.arrays import tensor_of
from deepaas.tensors.dtypes import SIZES, BadTensor, elements_count

ANY = Tensor()
NAN = float("nan")


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def torch_file(made: Any) -> bytes:
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save(made(torch), file)
    return file.getvalue()


def header(text: str, data: bytes = b"", version: int = 1) -> bytes:
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode() + data


def described(shape: str, descr: str = "'<f4'", data: bytes = b"") -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", data)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def url(content: bytes) -> str:
    return f"data:application/x-npy;base64,{base64.b64encode(content).decode()}"


def loaded(field: Any, values: Values | RawRequest, folder: Path | None = None) -> Any:
    def new_folder() -> Path:
        assert folder is not None
        folder.mkdir()
        return folder

    return Arguments({"x": field}).load(values, new_folder)["x"]


def refused(field: Any, values: Values | RawRequest, folder: Path | None = None) -> str:
    with pytest.raises(marshmallow.ValidationError) as raised:
        loaded(field, values, folder)
    messages: Any = raised.value.messages
    (message,) = messages["x"]
    return str(message)


def part(folder: Path, content: bytes) -> RawRequest:
    path = folder / "part"
    path.write_bytes(content)
    return RawRequest(form=[("x", Upload(str(path), "x.bin", ""))])


@pytest.mark.parametrize("dtype", [name for name in SIZES if name != "bfloat16"])
def test_each_dtype_in_each_form(dtype: str, tmp_path: Path) -> None:
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    plain = array.tolist()
    if array.dtype.kind == "c":
        plain = np.stack([array.real, array.imag], axis=-1).tolist()
    text = json.dumps(plain)
    others = array.astype(array.dtype.newbyteorder(">"))
    for given in (
        Values({"x": plain}),
        Values({"x": url(npy(array))}),
        Values(tensors=[("x", tensor_of(array))]),
        RawRequest(query=f"x={text.replace(' ', '')}"),
        RawRequest(body=json.dumps({"x": plain}).encode(), body_kind="json"),
        RawRequest(form=[("x", text)]),
        part(tmp_path, npy(array)),
        part(tmp_path, npy(np.asfortranarray(array))),
        part(tmp_path, npy(others)),
        part(tmp_path, npz(x=array, y=array)),
        part(tmp_path, npz(other=array)),
    ):
        got = loaded(Tensor(dtype, (2, -1)), given)
        assert got.dtype == array.dtype
        assert got.flags.writeable
        np.testing.assert_array_equal(got, array)


def test_tensors_of_pytorch(tmp_path: Path) -> None:
    for made in (
        lambda torch: torch.arange(6.0).reshape(2, 3),
        lambda torch: torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)),
        lambda torch: torch.arange(6.0).reshape(2, 3).t().contiguous().t(),
    ):
        got = loaded(Tensor("float32", (2, 3)), part(tmp_path, torch_file(made)))
        np.testing.assert_array_equal(got, np.arange(6.0).reshape(2, 3))
        got[0, 0] = 1
    brain = torch_file(lambda torch: torch.tensor([1.5, -2], dtype=torch.bfloat16))
    for field in (Tensor("bfloat16"), ANY):
        got = loaded(field, part(tmp_path, brain))
        assert got.dtype == np.float32
        assert got.tolist() == [1.5, -2]


@pytest.mark.parametrize(
    ("field", "value", "got"),
    [
        (Tensor("float32", (3,)), [1, None, 2.5], [1.0, NAN, 2.5]),
        (Tensor("int8"), [1.0, -128], [1, -128]),
        (Tensor("complex64", (1,)), [[1, 2]], [1 + 2j]),
        (Tensor("complex64", ()), [1, 2], 1 + 2j),
        (Tensor("float64", ()), 5, 5.0),
        (Tensor("bytes", (2,)), ["ä", "b"], ["ä".encode(), b"b"]),
        (Tensor("bytes", ()), "no JSON", b"no JSON"),
        (Tensor("int64", (2, 0)), [[], []], [[], []]),
        (ANY, [True, False], [True, False]),
        (ANY, [2**64 - 1], [2**64 - 1]),
        (ANY, [1, 2.5], [1.0, 2.5]),
        (Tensor("uint8", load_default=[1, 2]), None, [1, 2]),
        (fields.List(Tensor("uint8", (1,))), [[1], [2]], [[1], [2]]),
    ],
)
def test_nested_lists(field: Any, value: Any, got: Any) -> None:
    given = Values() if value is None else Values({"x": value})
    found = loaded(field, given)
    np.testing.assert_array_equal(found, np.array(got, getattr(found, "dtype", None)))


def test_default_is_new_for_each_call() -> None:
    arguments = Arguments({"x": Tensor("uint8", load_default=[1, 2])})
    arguments.load(Values())["x"][0] = 9
    assert arguments.load(Values())["x"].tolist() == [1, 2]
    assert Arguments({"x": Tensor(load_default=None)}).load(Values()) == {"x": None}
    assert Arguments({"x": ANY}).load(Values()) == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            Tensor("float32", (-1, 3, 224, 224)),
            np.zeros((1, 3, 10), np.float32),
            "expected float32 of shape [-1, 3, 224, 224], got float32 of shape [1, 3, 10]",
        ),
        (Tensor("float32"), np.zeros(2), "expected float32, got float64 of shape [2]"),
        (Tensor("bfloat16"), np.zeros(2, "f"), "expected bfloat16, got float32 of shape [2]"),
        (Tensor(None, (3,)), [1, 2], "expected a tensor of shape [3], got int64 of shape [2]"),
        (Tensor("int8"), [1.5], "expected whole numbers, got 1.5"),
        (Tensor("int8"), [128], "a number is out of the range of int8"),
        (Tensor("uint64"), [-1], "a number is out of the range of uint64"),
        (Tensor("int64"), [10**30], "a number is out of the range of int64"),
        (Tensor("float16"), [70000], "a number is out of the range of float16"),
        (Tensor("float64"), [10**400], "a number is out of the range of float64"),
        (Tensor("int8"), [True], "expected whole numbers, got a boolean"),
        (Tensor("bool"), [1], "expected booleans, got a number"),
        (Tensor("float32"), [[1], ["2"]], "expected numbers, got a text"),
        (Tensor("int8"), [None], "expected whole numbers, got null"),
        (Tensor("bytes"), [1], "expected texts, got a number"),
        (
            Tensor("bytes"),
            ["\ud800"],
            "a string has an unpaired surrogate, which is not valid UTF-8",
        ),
        (
            ANY,
            [[1, 2], [3]],
            "the lists are ragged: all lists at one level must have the same length",
        ),
        (ANY, [1, [2]], "the lists are ragged: lists and other values are mixed"),
        (ANY, [[1], 2], "the lists are ragged: all lists at one level must have the same length"),
        (ANY, {"a": 1}, "expected numbers, got a dict"),
        (ANY, '{"a": 1}', "the JSON is not a tensor: use nested lists"),
        (ANY, "[1", "the text is not a tensor: use nested lists in JSON, or a data URL of a file"),
        (
            ANY,
            "[" * 100_000,
            "the text is not a tensor: use nested lists in JSON, or a data URL of a file",
        ),
        (ANY, "data:,a", "a data URL of a tensor must start with data:application/x-npy;base64,"),
        (ANY, "data:;base64,a", "the data URL is not valid base64"),
        (Tensor("complex64"), [1], "expected complex64, with each number as a list [re, im]"),
    ],
)
def test_what_does_not_fit_is_told(field: Any, value: Any, said: str) -> None:
    if isinstance(value, np.ndarray):
        assert refused(field, Values(tensors=[("x", tensor_of(value))])) == said
        value = url(npy(value))
        if field.wanted.dtype == "bfloat16":
            return
    assert refused(field, Values({"x": value})) == said


def test_lists_are_no_deeper_than_arrays() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert refused(ANY, Values({"x": deep})) == "lists are nested more than 32 levels deep"


class Opens:
    """What a pickle would do."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def lying(content: bytes, size: int) -> bytes:
    """A zip whose list of members says that the first has another size."""
    at = content.rindex(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


HOSTILE: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    "nothing": (b"", "the file is not a tensor"),
    "text": (b"[1, 2]", "the file is not a tensor"),
    "old-torch": (pickle.dumps([1]), "the file is not a tensor"),
    "object": (npy(np.array([{}], object), allow_pickle=True), "a dtype that is not num"),
    "structured": (npy(np.zeros(1, [("a", "f4")])), "a dtype that is not numeric"),
    "subarray": (described("(1,)", "'(1000000,)f4'"), "a dtype that is not numeric"),
    "texts": (npy(np.array(["a"])), "a dtype that is not numeric"),
    "long": (npy(np.zeros(1, np.longdouble)), "use one of bool"),
    "unknown": (described("(1,)", "'<f3'"), "the .npy has the unknown dtype '<f3'"),
    "huge": (described("(1000000, 1000000)"), "which needs 4,000,000,000,000"),
    "overflow": (described("(4294967296, 4294967296)"), "which needs 73,786,976,294,838,206,464"),
    "empty": (described(f"(0, {2**62}, {2**62})"), "is too large"),
    "endless": (described(f"({10**300},)"), "an invalid shape"),
    "negative": (described("(-1, -4)", data=bytes(16)), "an invalid shape"),
    "true": (described("(True,)", data=bytes(4)), "an invalid shape"),
    "many": (described(str((1,) * 33), data=bytes(4)), "33 dimensions, the maximum is 32"),
    "short": (described("(3,)", data=bytes(11)), "got 11 bytes for float32 of shape [3]"),
    "more": (described("(3,)", data=bytes(13)), "got 13 bytes for float32 of shape [3]"),
    "cut": (b"\x93NUMPY\x01", "an unknown version"),
    "version": (header("{}", version=9), "an unknown version"),
    "no-length": (b"\x93NUMPY\x02\x00\x01", "the .npy is incomplete"),
    "long-header": (header(" " * 5000), "a header of 5,000 bytes"),
    "longest": (b"\x93NUMPY\x02\x00" + b"\xff" * 4, "a header of 4,294,967,295 bytes"),
    "call": (header("open('a')"), "an invalid header"),
    "deep": (header("-" * 4000 + "1"), "an invalid header"),
    "brackets": (header("(" * 4000), "an invalid header"),
    "no-keys": (header("{}"), "an invalid header"),
    "list": (header("[]"), "an invalid header"),
    "bomb": (lambda: zipped({"x.npy": bytes(64 << 20)}), "more than 100 times its size"),
    "bombs": (
        lambda: zipped({f"{n}.npy": bytes(6 << 20) for n in range(4)}),
        "more than 100 times",
    ),
    "lzma": (
        zipped({"x.npy": npy(np.zeros(1))}, zipfile.ZIP_LZMA),
        "unsupported compression method",
    ),
    "inner": (zipped({"x.npy": described("(9,)")}), "got 0 bytes for float32 of shape [9]"),
    "liar": (lying(npz(x=np.zeros(9)), 1 << 23), "x.npy in the zip file is incomplete"),
    "modest": (lying(npz(x=np.zeros(900)), 130), "the zip file cannot be read"),
    "members": (lambda: zipped({f"{n}.txt": b"" for n in range(6000)}), "too many members"),
    "none": (zipped({"x.txt": b""}), "0 arrays"),
    "two": (npz(a=np.zeros(1), b=np.zeros(1)), "2 arrays, none named 'x'"),
    "no-npy": (zipped({"x.npy": b"[]"}), "x.npy in the zip file is not a .npy"),
    "tail": (npz(x=np.zeros(1)) + b"more", "the zip file is incomplete, or followed by other data"),
    "torn": (npz(x=np.zeros(1))[:-60], "the zip file is incomplete, or followed by other data"),
    "pickles": (zipped({"a/data.pkl": b"", "b/data.pkl": b""}), "has several pickles"),
    "long-pickle": (zipped({"a/data.pkl": bytes(1 << 17)}), "contains more than a tensor"),
    "bad-pickle": (zipped({"a/data.pkl": b"\xff"}), "the torch.save file cannot be read"),
    "array": (zipped({"a/data.pkl": b"cbuiltins\nbytearray\n."}), "contains code"),
    "stack": (zipped({"a/data.pkl": pickle.dumps(open, 4)}), "more than one tensor: STACK_GLOBAL"),
}


def hostile(name: str) -> tuple[bytes, str]:
    """Its content, and what is said of it."""
    # Those that take long are not made by each process that only collects the tests.
    made, said = HOSTILE[name]
    return (made if isinstance(made, bytes) else made()), said


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, tmp_path: Path) -> None:
    content, said = hostile(name)
    assert said in refused(ANY, part(tmp_path, content))
    assert said in refused(ANY, Values({"x": url(content)}))


def test_no_code_of_a_pickle_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    array = np.array([Opens(str(trace))], object)
    for content in (
        npy(array, allow_pickle=True),
        npz(x=array),
        zipped({"a/data.pkl": pickle.dumps(Opens(str(trace)), 2), "a/version": b"3"}),
        torch_file(lambda _torch: Opens(str(trace))),
    ):
        refused(ANY, part(tmp_path, content))
    assert not trace.exists()


def test_files_of_pytorch_that_are_no_tensor(tmp_path: Path) -> None:
    for made, said in (
        (lambda torch: torch.nn.Linear(1, 1), "contains code, or more than one tensor"),
        (lambda torch: {"a": torch.ones(1)}, "is not a tensor"),
        (lambda torch: torch.ones(2, 2).to_sparse(), "contains code, or more than one tensor"),
        (lambda torch: torch.ones(2, device="meta"), "contains code, or more than one tensor"),
        (lambda torch: torch.ones(1).expand(1 << 40), "more than 100 times its size"),
    ):
        assert said in refused(ANY, part(tmp_path, torch_file(made)))


def test_tensors_that_lie_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(10))
    for sent, said in (
        (Sent("float32", [3], b"12345"), "got 5 bytes for float32 of shape [3]"),
        (Sent("float32", [3], path=str(path)), "got 10 bytes for float32 of shape [3]"),
        (Sent("float32", [2**40, 2**40], b""), "got 0 bytes"),
        (Sent("float32", [0, 2**62, 2**62], b""), "is too large"),
        (Sent("float32", [-1], b"1234"), "its shape [-1] is not valid"),
        (Sent("float8", [1], b"1"), "unknown dtype 'float8'"),
        (Sent("bytes", [2**40], b""), "got 0 bytes for bytes"),
        (Sent("bytes", [1], b"\xff\xff\xff\xff"), "longer than the data"),
    ):
        assert said in refused(ANY, Values(tensors=[("x", sent)]))
        if 0 not in sent.shape:
            assert said in refused(fields.List(fields.Float()), Values(tensors=[("x", sent)]))


def test_lists_of_tensors() -> None:
    arrays: list[Any] = [np.ones(1, np.float32), np.ones((1, 1), np.int8)]
    found = loaded(fields.List(ANY), Values(tensors=[("x", tensor_of(one)) for one in arrays]))
    assert [(one.dtype, one.shape) for one in found] == [(one.dtype, one.shape) for one in arrays]


def texts(*items: str | bytes, shape: list[int] | None = None) -> Sent:
    encoded = [item.encode() if isinstance(item, str) else item for item in items]
    framed = b"".join(struct.pack("<I", len(one)) + one for one in encoded)
    return Sent("bytes", [len(items)] if shape is None else shape, framed)


@pytest.mark.parametrize(
    ("field", "sent", "got"),
    [
        (fields.Str(), texts("ä"), "ä"),
        (fields.Int(), tensor_of(np.array([[7]], np.uint8)), 7),
        (fields.Float(), tensor_of(np.float32(0.5)), 0.5),
        (fields.Bool(), tensor_of(np.array([True])), True),
        (fields.List(fields.Float()), tensor_of(np.array([1.0, 2.0])), [1.0, 2.0]),
        (fields.List(fields.Int()), tensor_of(np.array(3)), [3]),
        (fields.List(fields.Int()), tensor_of(np.zeros(0, np.int8)), []),
        (
            fields.List(fields.List(fields.Int())),
            tensor_of(np.eye(2, dtype="i1")),
            [[1, 0], [0, 1]],
        ),
        (fields.List(fields.List(fields.Int())), tensor_of(np.zeros((2, 0), "i1")), [[], []]),
        (fields.List(fields.Str()), texts("a", "b"), ["a", "b"]),
        (fields.Dict(), texts('{"a": [1]}'), {"a": [1]}),
        (fields.Nested({"a": fields.Int()}), texts('{"a": 1}'), {"a": 1}),
        (fields.Raw(), tensor_of(np.array([1, 2])), [1, 2]),
        (fields.Raw(), Sent("bfloat16", [1], b"\xc0\x3f"), 1.5),
        (fields.Raw(), tensor_of(np.array([1 + 2j])), [1.0, 2.0]),
    ],
)
def test_a_tensor_may_stand_for_other_values(field: Any, sent: Sent, got: Any) -> None:
    packed = msgspec.msgpack.encode(Values(tensors=[("x", sent)]))
    assert loaded(field, msgspec.msgpack.decode(packed, type=Values)) == got


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        (fields.Str(), texts(b"\xff"), "its bytes are not valid UTF-8"),
        (fields.Str(), texts("a", "b"), "expected a tensor with one element, got 2"),
        (fields.Int(), texts(), "expected a tensor with one element, got 0"),
        (fields.Int(), texts("a"), "Not a valid integer."),
        (fields.Dict(), texts("a"), "expected JSON in one element of bytes"),
        (
            fields.Raw(metadata={"type": "file"}),
            tensor_of(np.zeros(2)),
            "a file must be one element of bytes, got float64",
        ),
        (
            fields.Raw(metadata={"type": "file"}),
            texts("a", "b"),
            "expected a tensor with one element, got 2",
        ),
    ],
)
def test_what_it_cannot_stand_for(field: Any, sent: Sent, said: str, tmp_path: Path) -> None:
    assert refused(field, Values(tensors=[("x", sent)]), tmp_path / "in") == said
    assert not (tmp_path / "in").exists()


def test_a_tensor_of_bytes_may_stand_for_files(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    image = Values(tensors=[("x", texts(b"\x89PNG\r\n\x1a\n..."))])
    file = loaded(fields.Raw(metadata={"type": "file"}), image, folder)
    assert file.original_filename == "file.png"
    assert Path(file.filename).read_bytes() == b"\x89PNG\r\n\x1a\n..."
    assert Path(file.filename).parent == folder


def test_a_tensor_for_another_value_is_checked(tmp_path: Path) -> None:
    """For all that a door has checked the rest, and a kind takes that as it is."""
    arguments = Arguments({"x": fields.Int(), "y": Tensor("int8")}, lambda given: given)
    wrong = Values(checked=True, tensors=[("x", texts("a"))])
    with pytest.raises(marshmallow.ValidationError):
        arguments.load(wrong, lambda: tmp_path)
    sent = tensor_of(np.zeros(1, np.int8))
    assert arguments.load(Values(checked=True, tensors=[("y", sent)]))["y"] is sent  # As taken.


@pytest.mark.parametrize(
    ("dtype", "shape", "said"),
    [
        ("float8", None, "unknown dtype 'float8'"),
        (object, None, "unknown dtype"),
        ("float32", (-2,), "invalid shape (-2,)"),
        ("float32", 3, "invalid shape 3"),
        ("float32", (True,), "invalid shape (True,)"),
        ("float32", (1,) * 33, "33 sizes"),
    ],
)
def test_what_an_author_declares_is_looked_at(dtype: Any, shape: Any, said: str) -> None:
    with pytest.raises(ValueError, match="") as raised:
        Tensor(dtype, shape)
    assert said in str(raised.value)


def test_default_is_looked_at() -> None:
    with pytest.raises(ValueError, match="default of a tensor: expected float32 of shape"):
        Tensor("float32", (3,), load_default=[1, 2])


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")])
def test_dtypes_are_declared_in_each_way(dtype: Any) -> None:
    assert Tensor(dtype).wanted.dtype == "float32"


def test_dtypes_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    assert Tensor(torch.bfloat16, torch.Size([2])).wanted.dtype == "bfloat16"


def test_what_doors_are_told() -> None:
    field = Tensor("float32", (-1, 2), required=True, metadata={"description": "Points"})
    told = describe(Arguments({"x": field, "n": fields.Int()}), None, None).predict
    assert told is not None
    argument, _ = told.arguments
    assert argument.tensor == field.wanted
    number = {"type": ["number", "null"]}
    row = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    assert argument.schema == {"type": "array", "items": row, "description": "Points"}
    assert told.parameters[0] == {
        "in": "formData",
        "name": "x",
        "type": "file",
        "required": True,
        "description": "Points",
        "x-tensor": {"dtype": "float32", "shape": [-1, 2]},
    }


def test_people_see_what_it_is() -> None:
    arguments = Arguments({"x": Tensor("int8"), "y": fields.List(ANY)})
    given = arguments.load(Values({"x": [1, 2], "y": [[1.5]]}))
    assert arguments.shown(given) == {"x": "int8 of shape [2]", "y": ["float64 of shape [1]"]}


def test_without_numpy_a_model_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(
        ImportError, match="tensor arguments need NumPy, which is not installed: pip install numpy"
    ):
        Tensor()


def test_without_pytorch_its_files_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = torch_file(lambda torch: torch.ones(1))
    monkeypatch.setitem(sys.modules, "torch", None)
    assert loaded(ANY, part(tmp_path, content)).tolist() == [1]


def test_declared_results_are_checked_and_arrays_for_codecs(tmp_path: Path) -> None:
    schema = marshmallow.Schema.from_dict({"x": Tensor("int8", (2,)), "n": fields.Int()})
    results = Results("model", schema, [], tmp_path)
    made = results.checked({"x": [1, 2], "n": 3})
    assert made["x"].dtype == np.int8
    assert made["x"].tolist() == [1, 2]
    assert made["n"] == 3
    with pytest.raises(BreaksSchema, match="expected int8 of shape"):
        results.checked({"x": [1]})
    assert (
        results.encode(1, {"x": np.array([1, 2], np.int8), "n": 3}, None).body
        == b'{"x":[1,2],"n":3}'
    )


def test_shapes_without_elements_cost_nothing() -> None:
    for shape in ([2 * 10**9, 0], [10**4000, 0], [0, 2**62]):
        with pytest.raises(BadTensor, match="shape"):
            elements_count(shape)
    assert elements_count([1000, 0, 1000]) == 0


def test_files_are_as_many_as_in_a_form(tmp_path: Path) -> None:
    field = fields.List(fields.Raw(metadata={"type": "file"}))
    many = Sent("bytes", [1001], b"\0\0\0\0" * 1001)
    with pytest.raises(BadTensor, match="more than 1000 files"):
        value_of("x", many, field, True, InputFiles(lambda: tmp_path))
    assert not list(tmp_path.iterdir())
