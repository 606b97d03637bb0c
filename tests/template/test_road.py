"""The road of an author: from the template to a model that is served, changed, trained and tried.

`tabular` goes it in a new virtual environment, as a new user would. The other two see the
packages of this one: another environment with PyTorch takes minutes and a gigabyte. With
DEEPAAS_ROAD_TRANSCRIPT=FILE the commands are added to that file, with the times that they took.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from docs.pasted import Reader
from support.host import free_port
from gradio_client import Client, handle_file

from .generated import TEMPLATE
from .road import ROOT, Road, wheel_of_this_checkout

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(1200)]

BIN = Path(sys.executable).parent
MakeRoad = Callable[[dict[str, str]], Road]


@pytest.fixture
def make_road(tmp_path: Path) -> Iterator[MakeRoad]:
    """Roads begin in an empty folder, at home."""
    roads = []
    began = time.monotonic()

    def make(environment: dict[str, str]) -> Road:
        (tmp_path / "work").mkdir()
        home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
        road = Road(tmp_path / "work", {**environment, **home})
        roads.append(road)
        return road

    yield make
    for road in roads:
        road.stop()
        road.note(f"{time.monotonic() - began:.0f} s in all")
        if path := os.environ.get("DEEPAAS_ROAD_TRANSCRIPT"):
            with Path(path).open("a") as file:
                file.write(f"{road.transcript}\n")


def bare_environment() -> dict[str, str]:
    """Without what this test runs in."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "XDG_", "DEEPAAS_", "OS_")
    return {k: v for k, v in os.environ.items() if not k.startswith(hidden)}


def shared_environment(folder: Path) -> dict[str, str]:
    """A virtual environment that sees the packages of this one."""
    reader = Reader(folder)
    scripts = folder / ".venv" / "bin"
    (scripts / "ruff").symlink_to(BIN / "ruff")
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    return {**bare_environment(), **reader.environment(), "PATH": path}


def answers(name: str, start: int) -> str:
    """What somebody types who is asked: the default of the version, the first licence."""
    return f"{name}\nAda Lovelace\nada@example.org\nTried on the road\n\n1\n{start}\n"


def served(road: Road, name: str) -> tuple[str, Any]:
    """Serve the model, with reload.

    Returns:
        the address of the host, and a function that asks for a path below the model.
    """
    port = free_port()
    road.serve(f"deepaas-run --model-name {name} --reload", port)
    url = f"http://127.0.0.1:{port}"

    def get(path: str) -> Any:
        with urlopen(f"{url}/v2/models/{name}/{path}") as answer:
            return json.load(answer)

    return url, get


def checked(road: Road, name: str) -> None:
    """Run all checks that the README names."""
    road.type("ruff check && ruff format --check")
    road.type(f"deepaas-cli check {name}")
    assert re.search(r"\d+ passed", road.type("pytest"))


def trained(road: Road, url: str, get: Any, arguments: str) -> dict[str, Any]:
    """Train over HTTP; the result, after a look at the figures of the curves."""
    run = json.loads(road.type(f"deepaas-cli --url {url} train {arguments}"))
    assert run["status"] == "done"
    metrics = get(f"train/{run['uuid']}/metrics")
    road.note(f"{url}/v2/models/…/train/{run['uuid']}/metrics: {', '.join(metrics)}")
    values = metrics["accuracy/validation"]["values"]
    assert all(0 <= value <= 1 for value in values)
    assert values[-1] == pytest.approx(run["result"]["output"]["accuracy"], abs=0.001)
    result: dict[str, Any] = run["result"]["output"]
    return result


def tried(url: str, name: str, **arguments: Any) -> Any:
    """Ask the try-me page, which the first visit starts."""
    page = Client(f"{url}/try-me/{name}/", httpx_kwargs={"timeout": 120}, verbose=False)
    return page.predict(**arguments, api_name="/predict")


def test_tabular(make_road: MakeRoad, tmp_path: Path) -> None:
    wheels = wheel_of_this_checkout(tmp_path)
    environment = {
        **bare_environment(),
        "PATH": f"{tmp_path / 'work' / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "1",
    }
    road = make_road(environment)
    road.type(f"{BIN / 'cookiecutter'} {TEMPLATE}", answers("Iris Road", 3))
    road.type(f"{sys.executable} -m venv .venv")
    road.cd("iris-road")
    road.type("pip install --editable '.[serve,test]'")
    checked(road, "iris_road")

    flower = "--petal_length 51 --petal_width 16"
    here = json.loads(road.type(f"deepaas-cli predict {flower}"))
    url, get = served(road, "iris_road")
    there = json.loads(road.type(f"deepaas-cli --url {url} predict {flower}"))
    assert here == there
    assert here["labels"][0] == "versicolor"

    road.type("sed -i 's/round(4)/round(1)/' src/iris_road/api.py")
    road.wait_for(f"deepaas-cli --url {url} predict {flower} | grep '0.5, 0.5'")
    assert get("")["version"] == "0.1.0"

    assert trained(road, url, get, "--name mine --trees 30")["name"] == "mine"
    assert get("")["forests"] == ["standard", "mine"]
    answer = tried(url, "iris_road", petal_length=15, petal_width=2, forest="mine")
    assert answer["labels"][0] == "setosa"
    assert road.stop() == 0


def test_image_classifier(make_road: MakeRoad, tmp_path: Path) -> None:
    road = make_road(shared_environment(tmp_path))
    road.type(f"cookiecutter {TEMPLATE}", answers("Shapes", 2))
    road.cd("shapes")
    road.type("pip install --quiet --editable '.[serve,test]'")
    checked(road, "shapes")

    star = "--image src/shapes/examples/star.jpg"
    here = json.loads(road.type(f"deepaas-cli --model shapes predict {star}"))
    url, get = served(road, "shapes")
    there = json.loads(road.type(f"deepaas-cli --url {url} predict {star}"))
    assert here == there
    assert here["labels"][0] == "star"

    road.type("sed -i 's/round(probability, 4)/round(probability, 4) * 100/' src/shapes/api.py")
    road.wait_for(f"deepaas-cli --url {url} predict {star} | grep '100.0'")

    assert trained(road, url, get, "--name mine --epochs 2 --pictures 200")["name"] == "mine"
    assert get("")["weights"] == ["shipped", "mine"]
    picture = handle_file(str(road.folder / "src/shapes/examples/circle.jpg"))
    assert tried(url, "shapes", image=picture)["labels"][0] == "circle"
    assert road.stop() == 0

    road.type("pip wheel --quiet --wheel-dir dist .")
    (wheel,) = (road.folder / "dist").iterdir()
    files = zipfile.ZipFile(wheel).namelist()
    for name in ("ai4-metadata.yml", "examples/star.jpg", "weights/shipped.pt"):
        assert f"shapes/{name}" in files


def test_empty(make_road: MakeRoad, tmp_path: Path) -> None:
    road = make_road(shared_environment(tmp_path))
    road.type(f"cookiecutter {TEMPLATE}", answers("Nothing Yet", 1))
    road.cd("nothing-yet")
    road.type("pip install --quiet --editable '.[serve,test]'")
    checked(road, "nothing_yet")

    url, get = served(road, "nothing_yet")
    about = json.loads(road.type("deepaas-cli --model nothing_yet get_metadata"))
    assert about["title"] == "Nothing Yet"
    assert get("")["author"] == "Ada Lovelace"

    (uncomment,) = re.findall(r"`(sed .*?)`", (road.folder / "README.md").read_text())
    road.type(uncomment)
    call = f"deepaas-cli --url {url} predict --text 'a model for everybody' --shortest 2"
    assert json.loads(road.wait_for(call)) == {"words": 3, "longest": "everybody"}
    checked(road, "nothing_yet")

    run = json.loads(road.type(f"deepaas-cli --url {url} train --epochs 5"))
    assert run["result"]["output"] == {"epochs": 5}
    assert run["progress"] == {"step": 5.0, "total": 5.0, "message": "epoch 5"}
    assert tried(url, "nothing_yet", text="Try me too")["longest"] == "Try"
    assert road.stop() == 0
    assert shutil.which("git") is None or _is_committed(road.folder)


def _is_committed(folder: Path) -> bool:
    done = subprocess.run(["git", "log", "--oneline"], cwd=folder, capture_output=True, check=True)
    return b"DEEPaaS template (empty)" in done.stdout
