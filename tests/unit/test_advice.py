"""What an author is told of an error while a model is loaded."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from deepaas.runtime.advice import advice, is_permanent
from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.tracebacks import authors_traceback

NO_DRIVER = "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"


def raised(code: str) -> BaseException:
    try:
        exec(compile(code, "<code>", "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import cv2", "pip install opencv-python-headless"),
        ("import a_library_that_nobody_has", "pip install a_library_that_nobody_has"),
        (
            "import marshmalow",
            "did you mean marshmallow? If not, install the package with marshmalow",
        ),
        ("import yamll", "did you mean yaml?"),
        ("import json; json.dupms", "did you mean dumps?"),
        ("import json.nowhere", "there is no nowhere in json"),
        ("from marshmallow import field", "write fields: marshmallow has that"),
        ("from json import surely_not_there", "json has no surely_not_there"),
        ("x = (", "correct this line"),
        ("raise SystemExit('usage')", '__name__ == "__main__"'),
        ("open('weights.pt')", "relative paths begin in /"),
        ("open('/nowhere/weights.pt')", "put /nowhere/weights.pt there"),
        (f"raise RuntimeError({NO_DRIVER!r})", "no GPU is available"),
        ("raise AssertionError('Torch not compiled with CUDA enabled')", "no GPU is available"),
        ("raise RuntimeError('CUDA out of memory. Tried to allocate')", "fewer workers"),
        ("raise ImportError('libGL.so.1: cannot open shared object file')", "install libgl1"),
        ("raise ImportError('attempted relative import with no known parent package')", "__init__"),
        ("raise ValueError('mine')", ""),
    ],
)
def test_advice(code: str, said: str) -> None:
    found = advice(raised(code))
    assert said in found
    assert bool(said) == bool(found)


def test_metadata_of_a_project_that_is_not_installed() -> None:
    assert "pip install -e ." in advice(PackageNotFoundError("mine"))


class NotYetThere(FileNotFoundError, ValueError):
    """As hubs of models raise it."""


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (SyntaxError("x"), True),
        (ModuleNotFoundError("x"), True),
        (CannotBeServed("x"), True),
        (KeyError("x"), True),
        (FileNotFoundError("x"), False),
        (RuntimeError(NO_DRIVER), False),
        (ImportError("libcudart.so.12: cannot open shared object file"), False),
        (MemoryError(), False),
        (caused(ValueError("no weights"), FileNotFoundError("x")), False),
        (caused(SystemExit("no database"), ConnectionRefusedError("x")), False),
        (caused(TypeError("x"), KeyError("x")), True),
        (NotYetThere("no weights"), False),
    ],
)
def test_what_time_may_mend(error: BaseException, permanent: bool) -> None:
    assert is_permanent(error) is permanent


def test_imports_leave_no_frames_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner_of_mine.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "outer_of_mine.py").write_text("import inner_of_mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module("outer_of_mine")
    lines = authors_traceback(raised.value).splitlines()
    assert not any("importlib/" in line or "<frozen" in line for line in lines)
    assert [line for line in lines if "inner_of_mine" in line or "outer_of_mine" in line]
    assert lines[-1] == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
