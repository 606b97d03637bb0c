"""The command that the image of a package starts with, which is that of AI4OS's containers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import deepaas

from .generated import TEMPLATE

DEEP_START = TEMPLATE / "{{cookiecutter.__repo_name}}" / "deep-start"
NO_MODEL = "deepaas-run: model 'nobody' is not installed"
NO_PORT = "deepaas-run: DEEPAAS_LISTEN_PORT: 'abc' must be an integer from 0 to 65535."


def deep_start(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As in an image whose model is not there: what deepaas-run says shows how it was started."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"DEEPAAS_V2_MODEL": "nobody", **environment}
    return subprocess.run(
        [str(DEEP_START), *options],
        env={**os.environ, "PATH": path, **given},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [["--deepaas"], ["-d"], [], ["-cd"], ["--deepaas", "--gpu"]])
def test_it_serves_the_model(options: list[str]) -> None:
    done = deep_start(*options)
    assert done.returncode == 1
    assert NO_MODEL in done.stderr


@pytest.mark.parametrize("options,said", [(["-dg"], NO_PORT), (["-dc"], NO_MODEL)])
def test_the_port_that_the_platform_gives_to_those_with_a_gpu(
    options: list[str], said: str
) -> None:
    assert said in deep_start(*options, PORT0="abc").stderr


def test_what_the_image_does_not_have() -> None:
    done = deep_start("--deepaas", "--jupyter")
    assert done.stderr.splitlines()[0] == "deep-start: not part of this image: --jupyter"
    assert NO_MODEL in done.stderr
    done = deep_start("--jupyter")
    assert done.returncode == 2
    assert "deep-start --deepaas serves the model" in done.stderr


def test_what_else_it_knows() -> None:
    assert deep_start("--version").stdout.strip() == deepaas.__version__
    assert "--deepaas" in deep_start("--help").stdout
    assert deep_start("--unknown").returncode == 2
