"""What the README tells people to paste works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from .page import pages
from .pasted import ROOT, Reader, blocks

FIRST_MODEL = "Your own model in 15 lines"


@pytest.mark.slow
def test_the_first_model(tmp_path: Path) -> None:
    (pasted,) = blocks("README.md", "sh", FIRST_MODEL)
    (answer,) = blocks("README.md", "json", FIRST_MODEL)
    assert Reader(tmp_path).paste(pasted).endswith(answer.strip())


@pytest.mark.slow
@pytest.mark.xdist_group("demo_host")
def test_the_demo_model_gives_the_answer_shown(tmp_path: Path, demo_host: int) -> None:
    (console,) = blocks("README.md", "console", "Two commands")
    command, shown = console.strip().split("\n")
    reader = Reader(tmp_path)
    reader.port = demo_host
    said = reader.paste(
        f"cd {shlex.quote(str(ROOT))}",
        command.removeprefix("$ ").replace("curl", "curl --retry 9 --retry-connrefused -sS", 1),
    )
    assert shown.removesuffix(" …") in said


@pytest.mark.slow
def test_the_training_goes_as_shown(tmp_path: Path) -> None:
    """With the light model: docs/trainings.md sends the same to the real one."""
    (console,) = blocks("README.md", "console", "Train it")
    commands = re.findall(r"^\$ (.*)$", console, re.MULTILINE)
    answers = re.findall(r"^(?!\$ )(.*)$", console.strip(), re.MULTILINE)
    (uuid,) = set(re.findall(r"[0-9a-f]{32}", commands[1]))
    start, watch, use = (f"{command.replace('curl', 'curl -sS', 1)}" for command in commands)
    said = Reader(tmp_path, light=True).paste(
        ". .venv/bin/activate",
        f"cd {shlex.quote(str(ROOT))}",
        "deepaas-run --model-name demo_app &",
        f"UUID=$({start.replace('curl', 'curl --retry 9 --retry-connrefused', 1)} | cut -c 10-41)",
        watch.replace(uuid, "$UUID"),
        use,
    )
    assert f'{{"uuid":"{uuid}"' in answers[0]
    for answer in answers[1:]:
        words = re.split(r"\d\.\d+", answer.removesuffix(" …"))
        assert re.search(r"\d\.\d+".join(map(re.escape, words)), said), answer


def test_it_is_no_longer_than_promised() -> None:
    (pasted,) = blocks("README.md", "sh", FIRST_MODEL)
    (code,) = re.findall(r"api\.py <<'END'\n(.*?)^END$", pasted, re.MULTILINE | re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 15


def test_links_lead_somewhere() -> None:
    for document in ["README.md", "CHANGELOG.md", *pages()]:
        path = ROOT / document
        for target in re.findall(r"(?:\]\(|src=\")([^)#\s\"]+)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{document}: {target}"
