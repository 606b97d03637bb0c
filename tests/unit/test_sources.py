"""Which files make up a model."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from deepaas.kinds.entry_point.host import roots
from deepaas.kinds.entry_point.worker import load
from deepaas.model.sources import MAX_SETTINGS_BYTES, snapshot
from deepaas.runtime.failures import CannotBeServed


class Site:
    """A folder to import from, with distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, path: str, folder: Path | None = None) -> Path:
        file = (folder or self.folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("raise RuntimeError('nobody may import this')\n")
        return file

    def distribution(self, name: str, *, entry: str = "", **files: str) -> None:
        info = self.folder / f"{name}-1.dist-info"
        info.mkdir()
        required = "".join(f"Requires-Dist: {n}\n" for n in files.pop("requires", "").split())
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{required}"
        )
        if entry:
            (info / "entry_points.txt").write_text(f"[deepaas.v2.model]\na_model = {entry}\n")
        for file, text in files.items():
            (info / file.replace("__", ".")).write_text(text)

    def editable(self) -> str:
        return json.dumps({"url": f"file://{self.folder}", "dir_info": {"editable": True}})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Site(folder)


def test_the_package_of_the_entry_point(site: Site) -> None:
    site.module("g_package/__init__.py")
    site.module("g_package/inner/api.py")
    site.distribution("g_one", entry="g_package.inner.api:Model")
    assert roots("a_model") == [site.folder / "g_package"]


def test_a_module_that_stands_alone(site: Site) -> None:
    site.module("g_alone.py")
    site.module("g_stranger.py")
    site.distribution("g_one", entry="g_alone")
    assert roots("a_model") == [site.folder / "g_alone.py"]


def test_all_that_came_with_the_distribution(site: Site) -> None:
    # As setuptools tells it; packages of the hub have `api` beside the author's own.
    site.module("g_api/__init__.py")
    site.module("g_mine/__init__.py")
    site.distribution("g_one", entry="g_api", top_level__txt="g_api\ng_mine\ng_gone\n")
    assert roots("a_model") == [site.folder / "g_api", site.folder / "g_mine"]


def test_folders_that_an_editable_install_has_added(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Hatchling, PDM and Poetry do it.
    project = tmp_path / "project" / "src"
    site.module("g_first/__init__.py", project)
    site.module("g_second/__init__.py", project)
    monkeypatch.syspath_prepend(project)
    (site.folder / "_g_one.pth").write_text(f"{project}\n")
    site.distribution("g_one", entry="g_first.api", RECORD="_g_one.pth,,\n")
    assert sorted(roots("a_model")) == [project / "g_first", project / "g_second"]


def test_requirements_that_are_edited_as_well(site: Site) -> None:
    for name in ("g_package", "g_edited", "g_installed"):
        site.module(f"{name}/__init__.py")
    site.distribution("g_one", entry="g_package", requires="g-edited g-installed>=1 deepaas g-none")
    editable = {"top_level__txt": "g_edited", "direct_url__json": site.editable()}
    site.distribution("g_edited", requires="g-one", **editable)
    site.distribution("g_installed", top_level__txt="g_installed")
    assert roots("a_model") == [site.folder / "g_package", site.folder / "g_edited"]


def test_a_package_that_is_not_there(site: Site) -> None:
    site.distribution("g_one", entry="g_nowhere.api")
    assert roots("a_model") == []
    assert roots("no_such_model") == []


def test_files_that_count(tmp_path: Path) -> None:
    counting = {"api.py", "config.yaml", "deep/er.py", "deep/labels.json"}
    others = {
        "weights.pt",
        "api.py~",
        ".hidden.py",
        "#api.py#",
        "__pycache__/api.py",
        ".git/hook.py",
        "environment/pyvenv.cfg",
        "environment/lib.py",
        "data/labels.json",
    }
    for name in counting | others:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / "large.json").write_bytes(b"1" * (MAX_SETTINGS_BYTES + 1))
    (tmp_path / "dangling.py").symlink_to("nowhere")
    assert set(snapshot([tmp_path])) == {tmp_path / name for name in counting}


def test_what_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "api.py").write_text("1")
    before = snapshot([tmp_path])
    os.utime(tmp_path / "api.py", (0, 0))
    assert snapshot([tmp_path]) == before
    (tmp_path / "api.py").write_text("2")
    assert snapshot([tmp_path]) != before


def test_a_file_that_is_named_counts_whatever_it_is(tmp_path: Path) -> None:
    small, large = tmp_path / "model.bin", tmp_path / "weights.onnx"
    small.write_bytes(b"1")
    large.write_bytes(b"1" * (MAX_SETTINGS_BYTES + 1))
    before = snapshot([small, large, tmp_path / "absent"])
    assert set(before) == {small, large}
    small.write_bytes(b"2")
    os.utime(large, (0, 0))
    after = snapshot([small, large])
    assert [after[path] == before[path] for path in (small, large)] == [False, False]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("g_mine.apii", "a module that does not exist. Did you mean g_mine.api?"),
        ("g_mien.api", "a module that does not exist. Did you mean g_mine.api?"),
        ("g_mine.api:Modell", "Modell, which g_mine.api does not define. Did you mean Model?"),
        ("elsewhere_altogether.place", "a module that does not exist"),
    ],
)
def test_an_entry_point_that_leads_nowhere(entry: str, told: str, site: Site) -> None:
    site.module("g_mine/__init__.py").write_text("")
    site.module("g_mine/api.py").write_text("class Model: ...\n")
    site.distribution("g_package", entry=entry)
    with pytest.raises(CannotBeServed) as error:
        load("a_model")
    assert str(error.value) == (
        f"the entry point a_model = {entry} of the package g_package refers to {told}"
    )


def test_an_entry_point_whose_own_import_fails(site: Site) -> None:
    site.module("g_other/__init__.py").write_text("import nobody_has_this\n")
    site.distribution("g_package", entry="g_other.api")
    with pytest.raises(ModuleNotFoundError, match="nobody_has_this"):
        load("a_model")
