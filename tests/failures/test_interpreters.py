"""`--model-python`: models in interpreters of their own."""

import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from support.command_lines import run_each
from support.host import start_host

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


def test_models_in_two_interpreters(other: Path, tmp_path: Path) -> None:
    """One of those installed there, one as a path, one here."""
    here, there = tmp_path / "here.py", tmp_path / "there.py"
    here.write_text(PREDICTOR)
    there.write_text(PREDICTOR)
    options = [
        *("--model-name", "elsewhere", "--model-python", f"elsewhere={other}"),
        *("--model-python", f"mine={other}"),
        *(str(here), f"mine={there}"),
    ]
    with start_host([], *options) as host:
        assert host.predict("here").json()["predictions"] == sys.prefix
        for model in ("elsewhere", "mine"):
            assert host.predict(model).json()["predictions"] == str(other.parent.parent)


def test_what_is_no_interpreter(other: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    bare = tmp_path / "bare" / "bin" / "python"
    cases = {
        "elsewhere": "--model-python: 'elsewhere' must be NAME=/path/to/python",
        "elsewhere=/no/python": "could not run /no/python: No such file or directory",
        "elsewhere=/bin/true": "/bin/true is not a Python interpreter",
        f"absent={other}": f"model 'absent' is not installed for {other}. Installed models: ",
        # This one is not named as a model, as there is none.
        f"x={bare}": f"{bare} does not have DEEPaaS, but needs the version of this host",
    }
    lines = [
        ["--model-name", python.partition("=")[0], "--model-python", python] for python in cases
    ]
    lines[-1] = lines[-1][2:]
    folder = tmp_path / "run"
    folder.mkdir()
    for ended, said in zip(run_each(folder, [], lines), cases.values(), strict=True):
        assert ended.returncode == 1, said
        assert said in ended.output
        assert "Traceback" not in ended.output
