"""A kind of model of a third party, installed with pip, is all that the kinds of ours are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import prepared
from support.host import Host, run_host, start_host
from support.waiting import wait_until

SOURCE = Path(__file__).parent / "packages" / "linear_models"
COMMAND = prepared.PROGRAMS / "deepaas-cli"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the package is installed."""
    folder = tmp_path_factory.mktemp("kind")
    source = shutil.copytree(SOURCE, folder / "source")  # It is built in place.
    target = folder / "site"
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", target)
    subprocess.run([sys.executable, "-m", "pip", "install", *options, source], check=True)
    return target


@pytest.fixture
def run(packages: Path, tmp_path: Path) -> Run:
    """Runs `deepaas-cli` where the package is installed."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return prepared.run(
            [COMMAND, *words],
            folder=tmp_path,
            environment={**os.environ, "PYTHONPATH": str(packages), "NO_COLOR": "1"},
        )

    return command


def write(file: Path, a: float = 2, b: float = 1, more: str = "") -> Path:
    """A model in a file, which is there whole or not at all."""
    new = file.with_suffix(".new")
    new.write_text(f"[linear]\na = {a}\nb = {b}\n{more}\n")
    return new.rename(file)


@contextmanager
def served(file: Path, packages: Path, *options: str) -> Iterator[Host]:
    """A host with the model of a file, and one of the tests' own beside it."""
    more = ("--no-ui", "--model-name", str(file), *options)
    with start_host(["plain"], *more, packages=packages) as host:
        yield host


def test_it_is_served(packages: Path, tmp_path: Path) -> None:
    write(tmp_path / "double.toml")
    with served(tmp_path / "double.toml", packages) as host:
        answer = host.predict("double", x=3)
        assert answer.json() == {"y": 7.0}
        assert host.predict("double").status == 422
        about = host.get("/v2/models/double/").json()
        assert about["description"] == "2.0 x + 1.0"
        document = host.get("/swagger.json").json()
        (x,) = (
            one
            for one in document["paths"]["/v2/models/double/predict/"]["post"]["parameters"]
            if one["name"] == "x"
        )
        assert (x["type"], x["required"], x["description"]) == ("number", True, "where")
        # One that is installed is served beside it, by another kind.
        assert host.predict("plain").status == 200


def test_it_is_loaded_anew_when_its_file_changes(packages: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "double.toml")

    def answered() -> float:
        return float(host.predict("double", x=3).json()["y"])

    with served(file, packages, "--reload") as host:
        assert answered() == 7
        write(file, a=5)
        wait_until(lambda: answered() == 16, "the new file answers")
        # A broken one changes nothing, and a whole one again.
        file.write_text("[linear]\na = 'five'\n")
        wait_until(lambda: "needs the numbers a and b" in host.log(), "the log says what is wrong")
        assert answered() == 16
        write(file, a=6)
        wait_until(lambda: answered() == 19, "the corrected file answers")


def test_what_it_needs_is_asked_for_before_anything_is_started(
    packages: Path, tmp_path: Path
) -> None:
    file = write(tmp_path / "double.toml", more='needs = ["pytest", "surely-nobody-has-this"]')
    ended = run_host([], "--model-name", str(file), packages=packages)
    assert ended.returncode == 1
    assert "model 'double' (kind 'linear') needs surely-nobody" in ended.output
    assert "Traceback" not in ended.output


def test_it_has_to_be_installed_where_its_models_run(packages: Path, tmp_path: Path) -> None:
    own = Path(sys.executable)
    # Under another name it is another interpreter, which our PYTHONPATH is not for.
    other = own.with_name("python3" if own.name == "python" else "python")
    words = ("--model-name", str(write(tmp_path / "double.toml")))
    ended = run_host([], *words, "--model-python", f"double={other}", packages=packages)
    assert ended.returncode == 1
    assert f"of the kind 'linear', which is not installed for {other}." in ended.output


def test_what_is_wrong_with_a_reference_is_told(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[linear\n")
    (tmp_path / "other.toml").write_text("[other]\n")
    for name, said in {"broken": "cannot be read: ", "other": "not a model of any"}.items():
        ended = run_host([], "--model-name", str(tmp_path / f"{name}.toml"), packages=packages)
        assert ended.returncode == 1
        assert said in ended.output
    # Without the package nobody knows it.
    ended = run_host([], "--model-name", str(write(tmp_path / "double.toml")))
    assert (ended.returncode, "not a model of any" in ended.output) == (1, True)


def test_a_kind_that_cannot_be_loaded_is_told_of(packages: Path, tmp_path: Path) -> None:
    info = tmp_path / "site" / "broken-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[deepaas.kind]\nbroken = no_such_module:KIND\ncog = linear_models.host:KIND\n"
        "unshaped = linear_models.worker:KIND\n[deepaas.runtime]\nbroken = no_such_module:KIND\n"
    )
    both = Path(f"{packages}:{tmp_path / 'site'}")
    with served(write(tmp_path / "double.toml"), both) as host:
        assert host.predict("double", x=3).json() == {"y": 7.0}
        assert host.predict("plain").status == 200
        log = host.log()
        assert "'broken' of the group deepaas.kind cannot be loaded" in log
        assert "linear_models.worker:KIND is not a deepaas.model.kinds.ModelKind" in log
        assert "ignoring linear_models.host:KIND of the group deepaas.kind: 'cog' is already" in log


def test_the_command_calls_it_without_a_host(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "double.toml")
    ended = run("--model-name", "double.toml", "predict", "--x", "3")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {"y": 7.0}), ended.stderr
    ended = run("--model-name", "double.toml", "get_metadata")
    assert json.loads(ended.stdout)["description"] == "2.0 x + 1.0"
    ended = run("--model-name", "double.toml", "predict")
    assert (ended.returncode, ended.stdout) == (2, "")
    ended = run("--model-name", "double", "predict")
    assert (ended.returncode, "Did you mean double.toml ?" in ended.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = 2\nb = 1", []),
        ("b = 1\na = 0", [("linear-constant", "warning", "double.toml:3")]),
        ("a = 2", [("host-refuses", "error", "double.toml")]),
        (
            'a = 2\nb = 1\nneeds = ["surely-nobody-has-this"]',
            [("requirement-missing", "error", "double.toml")],
        ),
    ],
)
def test_the_check_has_findings_of_its_own(
    text: str, found: list[tuple[str, str, str]], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "double.toml").write_text(f"[linear]\n{text}\n")
    ended = run("check", "--json", "double.toml")
    report = json.loads(ended.stdout)
    told = [(one["code"], one["severity"], one["where"]) for one in report["findings"]]
    assert told == found
    assert report["models"] == {"double": str(tmp_path / "double.toml")}
    assert ended.returncode == any(one[1] == "error" for one in found)
    if found:
        people = run("check", "double.toml").stdout
        assert f"[{found[0][0]}]" in people
