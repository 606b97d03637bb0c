"""The road of an author: from the template to a model that is served, changed, trained and tried.

The image classifier goes it as docs/start-here.md says, block by block, and then a little further.
The others are made in an environment that sees the packages of this one. In `make test`, `empty`
goes the whole road, `tabular` and `inverse-problem` as far as their own tests, which serve them,
train them and ask them, but for the one that cancels. In `make soak`, `tabular` goes to the end,
and in a new environment in which all is installed as a new user would (that takes minutes; with
PyTorch, a gigabyte too). With DEEPAAS_ROAD_TRANSCRIPT=FILE the commands are added to that file,
with the times that they took.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from docs.pasted import FULL, Reader
from docs.pasting import paste_page
from docs.session import Session
from support.host import free_port

from .generated import TEMPLATE
from .road import ROOT, Road, wheel_of_this_checkout

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

BIN = Path(sys.executable).parent
SMALLER = {} if FULL else {"--epochs 3 --pictures 600": "--epochs 1 --pictures 100"}
"""How long docs/start-here.md trains, and how long is enough to see that it does."""


@contextlib.contextmanager
def a_road(home: Path, environment: dict[str, str]) -> Iterator[Road]:
    """Roads begin in an empty folder, at home; at the end the host, if any, stops as it should."""
    began = time.monotonic()
    (home / "work").mkdir()
    at_home = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    road = Road(home / "work", {**environment, **at_home})
    try:
        yield road
        assert road.stop() in (0, None)
    finally:
        road.stop()
        road.note(f"{time.monotonic() - began:.0f} s in all")
        if path := os.environ.get("DEEPAAS_ROAD_TRANSCRIPT"):
            with Path(path).open("a") as file:
                file.write(f"{road.transcript}\n")


def bare_environment() -> dict[str, str]:
    """Without what this test runs in."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "XDG_", "DEEPAAS_", "OS_")
    return {k: v for k, v in os.environ.items() if not k.startswith(hidden)}


def shared_environment(folder: Path, *, with_torch: bool = False) -> dict[str, str]:
    """A virtual environment that sees the packages of this one."""
    reader = Reader(folder)
    scripts = folder / ".venv" / "bin"
    (scripts / "ruff").symlink_to(BIN / "ruff")
    if not with_torch:
        # These packages do not need it; tensorboardX imports it where it is, in each process.
        (reader.site / "torch.py").write_text("raise ModuleNotFoundError(name=__name__)\n")
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    return {**bare_environment(), **reader.environment(), "PATH": path}


def answers(name: str, start: int) -> str:
    """What somebody types who is asked: the default of the version, the first licence."""
    return f"{name}\nAda Lovelace\nada@example.org\nTried on the road\n\n1\n{start}\n"


@dataclass(frozen=True)
class Served:
    """A package that is served, with reload.

    Attributes:
        road: stands in the folder of the package.
        name: of the model.
        url: of the host.
    """

    road: Road
    name: str
    url: str

    @property
    def cli(self) -> str:
        """Begins a command that asks the host."""
        return f"deepaas-cli --url {self.url} --model-name {self.name}"

    def get(self, path: str) -> Any:
        """What is at a path below the model."""
        return fetched(self.url, self.name, path)


def fetched(url: str, name: str, path: str) -> Any:
    with urlopen(f"{url}/v2/models/{name}/{path}") as answer:
        return json.load(answer)


def serve(road: Road, name: str) -> str:
    """Serve a model, with reload; the address of the host."""
    port = free_port()
    road.serve(f"deepaas-run --model-name {name} --reload", port)
    return f"http://127.0.0.1:{port}"


def checked(road: Road, name: str, but: str = "") -> None:
    """Run all checks that the README names; `but` is a test that is left out."""
    road.type("ruff check && ruff format --check")
    road.type(f"deepaas-cli check {name}")
    tests = f"pytest --deselect tests/test_api.py::{but}" if but else "pytest"
    assert re.search(r"\d+ passed", road.type(tests))


def trained(served: Served, arguments: str) -> dict[str, Any]:
    """Train over HTTP; the result, after a look at the figures of the curves."""
    run = json.loads(served.road.type(f"{served.cli} train {arguments}"))
    assert run["status"] == "done"
    metrics = served.get(f"train/{run['uuid']}/metrics")
    served.road.note(f"{served.url}/v2/models/…/train/{run['uuid']}/metrics: {', '.join(metrics)}")
    result: dict[str, Any] = run["result"]["output"]
    assert_curves(metrics, result)
    return result


def assert_curves(metrics: Any, result: dict[str, Any]) -> None:
    values = metrics["accuracy/validation"]["values"]
    assert all(0 <= value <= 1 for value in values)
    assert values[-1] == pytest.approx(result["accuracy"], abs=0.001)


def tried(url: str, name: str, **arguments: Any) -> Any:
    """Ask the try-me page, which the first visit starts."""
    from gradio_client import Client

    page = Client(f"{url}/try-me/{name}/", httpx_kwargs={"timeout": 120}, verbose=False)
    return page.predict(**arguments, api_name="/predict")


def fresh_environment(home: Path) -> dict[str, str]:
    """For a new virtual environment, which sees nothing but what is installed there."""
    wheels = wheel_of_this_checkout(home)
    return {
        **bare_environment(),
        "PATH": f"{home / 'work' / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "1",
    }


INSTALL = "pip install --quiet --editable '.[serve,test]'"


@pytest.fixture
def tabular(tmp_path: Path) -> Iterator[Served]:
    """The package `iris_road`; only where it goes to the end is there a host."""
    with a_road(tmp_path, (fresh_environment if FULL else shared_environment)(tmp_path)) as road:
        if FULL:
            road.type(f"{sys.executable} -m venv .venv")
        road.type(f"{BIN / 'cookiecutter'} {TEMPLATE}", answers("Iris Road", 3))
        road.type(f"cd iris-road\n{INSTALL}")
        url = serve(road, "iris_road") if FULL else ""
        road.cd("iris-road")
        yield Served(road, "iris_road", url)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Served]:
    """The package `nothing_yet`."""
    with a_road(tmp_path, shared_environment(tmp_path)) as road:
        road.type(f"cookiecutter {TEMPLATE}", answers("Nothing Yet", 1))
        road.type(f"cd nothing-yet\n{INSTALL}")
        url = serve(road, "nothing_yet")
        road.cd("nothing-yet")
        yield Served(road, "nothing_yet", url)


def test_tabular(tabular: Served) -> None:
    checked(tabular.road, "iris_road", but="" if FULL else "test_cancelling")
    if FULL:
        see_to_the_end(tabular)


def see_to_the_end(iris: Served) -> None:
    """Ask it here and there, change it, train it and try it."""
    road = iris.road
    flower = "--petal_length 51 --petal_width 16"
    here = json.loads(road.type(f"deepaas-cli --model iris_road predict {flower}"))
    there = json.loads(road.type(f"{iris.cli} predict {flower}"))
    assert here == there
    assert here["labels"][0] == "versicolor"

    road.type("sed -i 's/round(4)/round(1)/' src/iris_road/api.py")
    road.wait_for("grep -F '[iris_road] reloaded' ../host.log")
    assert "0.5, 0.5" in road.type(f"{iris.cli} predict {flower}")
    assert iris.get("")["version"] == "0.1.0"

    assert trained(iris, "--name mine --trees 30")["name"] == "mine"
    assert iris.get("")["forests"] == ["standard", "mine"]
    answer = tried(iris.url, "iris_road", petal_length=15, petal_width=2, forest="mine")
    assert answer["labels"][0] == "setosa"


def test_empty(empty: Served) -> None:
    road = empty.road
    checked(road, "nothing_yet")

    about = json.loads(road.type("deepaas-cli --model nothing_yet get_metadata"))
    assert about["title"] == "Nothing Yet"
    assert empty.get("")["author"] == "Ada Lovelace"

    (uncomment,) = re.findall(r"`(sed .*?)`", (road.folder / "README.md").read_text())
    road.type(uncomment)
    road.wait_for("grep -F '[nothing_yet] reloaded' ../host.log")
    call = f"{empty.cli} predict --text 'a model for everybody' --shortest 2"
    assert json.loads(road.type(call)) == {"words": 3, "longest": "everybody"}
    checked(road, "nothing_yet")

    run = json.loads(road.type(f"{empty.cli} train --epochs 5"))
    assert run["result"]["output"] == {"epochs": 5}
    assert run["progress"] == {"step": 5.0, "total": 5.0, "message": "epoch 5"}
    assert tried(empty.url, "nothing_yet", text="Try me too")["longest"] == "Try"
    assert shutil.which("git") is None or _is_committed(road.folder)


def test_image_classifier(tmp_path: Path) -> None:
    """docs/start-here.md, and what can be seen at its end."""
    with contextlib.closing(Session(tmp_path, SMALLER, pip=True)) as session:
        paste_page("docs/start-here.md", session)
        folder = tmp_path / "models" / "shapes"
        url = f"http://127.0.0.1:{session.reader.port}"

        (tmp_path / ".venv/bin/ruff").symlink_to(BIN / "ruff")
        session.shell("ruff check && ruff format --check")
        star = "--image src/shapes/examples/star.jpg"
        here = session.shell(f"deepaas-cli --model shapes predict {star} 2>/dev/null")
        there = session.shell(f"deepaas-cli --url {url} predict {star} 2>/dev/null")
        assert json.loads(here) == json.loads(there)

        (run,) = fetched(url, "shapes", "train/")
        run = fetched(url, "shapes", f"train/{run['uuid']}")
        assert run["status"] == "done"
        output = run["result"]["output"]
        assert output["name"] == "mine"
        assert_curves(fetched(url, "shapes", f"train/{run['uuid']}/metrics"), output)
        assert fetched(url, "shapes", "")["weights"] == ["shipped", "mine"]

        from gradio_client import handle_file

        picture = handle_file(str(folder / "src/shapes/examples/circle.jpg"))
        assert tried(url, "shapes", image=picture)["labels"][0] == "circle"
        session.shell('kill "$HOST"\nwait "$HOST"')

        session.shell("pip wheel --quiet --wheel-dir dist .")
        (wheel,) = (folder / "dist").iterdir()
        files = zipfile.ZipFile(wheel).namelist()
        for name in ("ai4-metadata.yml", "examples/star.jpg", "weights/shipped.pt"):
            assert f"shapes/{name}" in files


def test_inverse_problem(tmp_path: Path) -> None:
    """Its own tests serve it, train it and ask it; a file goes in, and one comes out."""
    with a_road(tmp_path, shared_environment(tmp_path, with_torch=True)) as road:
        road.type(f"cookiecutter {TEMPLATE}", answers("Sharp Again", 4))
        road.type(f"cd sharp-again\n{INSTALL}")
        road.cd("sharp-again")
        checked(road, "sharp_again", but="" if FULL else "test_cancelling")
        road.type("python -m sharp_again.examples")
        save = "import numpy; numpy.save('y.npy', numpy.full((1, 1, 6, 5), 0.5, 'float32'))"
        road.type(f'python -c "{save}"')
        road.type("deepaas-cli --model sharp_again --output x.npy predict --y @y.npy --sigma 0.2")
        told = road.type("python -c \"import numpy; print(numpy.load('x.npy').shape)\"")
        assert told == "(1, 1, 6, 5)\n"


def _is_committed(folder: Path) -> bool:
    done = subprocess.run(["git", "log", "--oneline"], cwd=folder, capture_output=True, check=True)
    return b"DEEPaaS template (empty)" in done.stdout
