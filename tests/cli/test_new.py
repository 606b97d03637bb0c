"""`deepaas-cli new`."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from template.generated import STARTS, TEMPLATE
from template.road import wheel_of_this_checkout

from .command import Shell


def test_a_package_is_made_where_it_was_wanted(shell: Shell) -> None:
    words = ("new", "--start", "Tabular", "--author", "Ada", "--email", "ada@example.org")
    ended = shell.run(*words, "Leaf Counter", "--to", "mine", HOME=str(shell.folder))
    assert ended.code == 0, ended.errors
    folder = shell.folder / "mine/leaf-counter"
    assert "forest" in (folder / "src/leaf_counter/api.py").read_text()
    assert 'name = "Ada", email = "ada@example.org"' in (folder / "pyproject.toml").read_text()
    assert os.access(folder / "deep-start", os.X_OK)
    # What it names is there, as seen from where it was called.
    (way,) = re.findall(r"^  cd (.*)$", ended.output.decode(), re.MULTILINE)
    assert (shell.folder / way).samefile(folder)
    assert not list(shell.folder.glob(".cookie*"))


def test_its_readme_installs_deepaas_from_where_it_is(shell: Shell) -> None:
    assert shell.run("new", "Own").code == 0
    readme = (shell.folder / "own/README.md").read_text()
    (source,) = re.findall(r"^pip install '(/.*)\[tensorboard,ui\]'$", readme, re.MULTILINE)
    assert (Path(source) / "pyproject.toml").is_file()


def test_mistakes_are_told_shortly(shell: Shell) -> None:
    (shell.folder / "taken").mkdir()
    (shell.folder / "in here/taken").mkdir(parents=True)
    for words, said in {
        ("new", "3d"): "project_name: '3d' does not start with a letter",
        ("new", "Taken"): "error: taken already exists. Choose another NAME, or another parent",
        ("new", "Taken", "--to", "in here"): "error: in here/taken already exists. Choose",
        ("new", "x", "--start", "tabluar"): "Did you mean tabular?",
        ("new",): "the following arguments are required: NAME",
    }.items():
        ended = shell.run(*words)
        assert (ended.code, ended.output) == (2, b"")
        assert said in ended.errors
        assert "Traceback" not in ended.errors


def test_the_wheel_has_the_template(tmp_path: Path) -> None:
    (wheel,) = wheel_of_this_checkout(tmp_path).iterdir()
    names = {
        name.removeprefix("deepaas/template/")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.startswith("deepaas/template/")
    }
    files = {
        str(path.relative_to(TEMPLATE))
        for path in TEMPLATE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == files
    assert all(any(f"/starts/{start}/" in name for name in names) for start in STARTS)
