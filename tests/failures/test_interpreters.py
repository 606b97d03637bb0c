"""`--model-python`: models in interpreters of their own."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from support.host import COMMAND, start_host

PREDICTOR = """
import sys

def predict(n: int = 0) -> str:
    return sys.prefix
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A virtual environment that sees the packages of this one, and has a model of its own."""
    folder = tmp_path / "other"
    venv.create(folder, symlinks=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "shared.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n"
    )
    info = site / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[deepaas.v2.model]\nelsewhere = elsewhere:predict\n")
    (site / "elsewhere.py").write_text(PREDICTOR)
    return folder / "bin" / "python"


def test_two_models_in_two_interpreters(other: Path, tmp_path: Path) -> None:
    here = tmp_path / "here.py"
    here.write_text(PREDICTOR)
    options = ("--model-name", "elsewhere", "--model-python", f"elsewhere={other}", str(here))
    with start_host([], *options) as host:
        assert host.predict("here").json()["predictions"] == sys.prefix
        assert host.predict("elsewhere").json()["predictions"] == str(other.parent.parent)


def test_a_path_in_another_interpreter(other: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.py"
    there.write_text(PREDICTOR)
    with start_host([], f"mine={there}", "--model-python", f"mine={other}") as host:
        assert host.predict("mine").json()["predictions"] == str(other.parent.parent)


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("elsewhere", "model-python must be NAME=/path/to/python, not 'elsewhere'"),
        ("elsewhere=/no/python", "/no/python cannot be started: No such file or directory"),
        ("elsewhere=/bin/true", "/bin/true is not an interpreter of Python"),
        ("absent={other}", "no model named 'absent' is installed for {other}; installed are: "),
    ],
)
def test_what_is_no_interpreter(other: Path, python: str, said: str) -> None:
    name = python.partition("=")[0]
    ended = subprocess.run(
        [COMMAND, "--model-name", name, "--model-python", python.format(other=other)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert said.format(other=other) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_deepaas(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    ended = subprocess.run(
        [COMMAND, "--model-python", f"x={python}"], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert f"{python} has no DEEPaaS, and this host is" in ended.stderr
