"""What the template makes of each choice, without installing it."""

from __future__ import annotations

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli
import yaml
from cookiecutter.exceptions import FailedHookException

from .generated import ANSWERS, LICENSES, STARTS, TEMPLATE, generate

BIN = Path(sys.executable).parent
TITLES = {
    "MIT": "MIT License",
    "Apache-2.0": "Apache License",
    "BSD-3-Clause": "BSD 3-Clause License",
    "GPL-3.0-or-later": "GNU GENERAL PUBLIC LICENSE",
    "AGPL-3.0-only": "GNU AFFERO GENERAL PUBLIC LICENSE",
}
LONG_NAME = "A model whose name is as long as it may"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each start."""
    folder = tmp_path_factory.mktemp("starts")
    return {start: generate(folder / start, start=start) for start in STARTS}


@pytest.fixture(scope="module", params=STARTS)
def package(request: pytest.FixtureRequest, packages: dict[str, Path]) -> Path:
    return packages[request.param]


def test_files(package: Path) -> None:
    assert package.name == "leaf-counter"
    assert not (package / "starts").exists()
    for name in ("Dockerfile", "deep-start", "LICENSE", "README.md", "tests/test_api.py"):
        assert (package / name).read_text().strip()
    assert os.access(package / "deep-start", os.X_OK)
    link = package / "src" / "leaf_counter" / "ai4-metadata.yml"
    assert link.is_symlink()
    assert link.samefile(package / "ai4-metadata.yml")


def test_nothing_is_left_of_the_template(package: Path) -> None:
    for file in (
        path for path in package.rglob("*") if path.is_file() and ".git" not in path.parts
    ):
        assert "cookiecutter" not in file.name
        if file.suffix not in (".jpg", ".png", ".pt"):
            assert not re.search(r"\{\{|\{%|%\}|cookiecutter", file.read_text()), file


def test_the_code_compiles(package: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(package / "src", tmp_path / "src")
    assert compileall.compile_dir(copy, quiet=1)


def test_pyproject(package: Path) -> None:
    project = tomli.loads((package / "pyproject.toml").read_text())["project"]
    assert project["name"] == "leaf-counter"
    assert project["version"] == ANSWERS["app_version"]
    assert project["description"] == ANSWERS["description"]
    assert project["license"] == "MIT"
    assert project["authors"] == [
        {"name": "Ada Lovelace", "email": "ada@example.org"},
        {"name": "Gründa Hö", "email": "alan@example.org"},
        {"name": "Alan Turing"},
    ]
    assert project["entry-points"]["deepaas.v2.model"] == {"leaf_counter": "leaf_counter.api"}
    # Ranges: what is installed beside this package has a say too.
    assert all(re.search("[<>]", needed) for needed in project["dependencies"])


def test_metadata_for_the_hub(package: Path) -> None:
    about = yaml.safe_load((package / "ai4-metadata.yml").read_text())
    jsonschema.Draft202012Validator(hub_schema(about["metadata_version"])).validate(about)
    assert about["title"] == "Leaf Counter"
    assert about["summary"] == ANSWERS["description"]


def hub_schema(version: str) -> Any:
    """The hub's own, which it checks the file with."""
    files = metadata.files("ai4-metadata") or []
    (schema,) = [file for file in files if file.name == f"ai4-apps-v{version}.json"]
    return json.loads(schema.read_text())


@pytest.mark.parametrize("start", STARTS)
def test_lint(packages: dict[str, Path], tmp_path: Path, start: str) -> None:
    # A long name makes long lines.
    for folder in (packages[start], generate(tmp_path, start=start, project_name=LONG_NAME)):
        run("ruff", "check", cwd=folder)
        run("ruff", "format", "--check", cwd=folder)
        run("hadolint", "Dockerfile", cwd=folder)


def test_the_examples_of_the_empty_one_are_good_code(tmp_path: Path) -> None:
    folder = generate(tmp_path, start="empty")
    uncomment(folder)
    run("ruff", "check", cwd=folder)
    run("ruff", "format", "--check", cwd=folder)
    assert "\ndef predict(" in (folder / "src" / "leaf_counter" / "api.py").read_text()


def uncomment(folder: Path) -> None:
    """Do what the README says."""
    (command,) = re.findall(r"`(sed .*?)`", (folder / "README.md").read_text())
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-ec", command], cwd=folder, env={**os.environ, "PATH": path}, check=True
    )


@pytest.mark.parametrize("license_id", LICENSES)
def test_licences(tmp_path: Path, license_id: str) -> None:
    folder = generate(tmp_path, open_source_license=license_id)
    project = tomli.loads((folder / "pyproject.toml").read_text())["project"]
    if license_id == "none":
        assert not (folder / "LICENSE").exists()
        assert "license" not in project
        assert "all rights reserved" in (folder / "README.md").read_text()
        return
    text = (folder / "LICENSE").read_text()
    assert TITLES[license_id] in text
    assert project["license"] == license_id
    assert text.endswith("\n") and not text.endswith("\n\n")
    if license_id in ("MIT", "BSD-3-Clause"):
        assert ANSWERS["author_name"] in text
    else:
        assert len(text) > 10_000


def test_all_that_is_wrong_is_told_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FailedHookException):
        generate(
            tmp_path,
            project_name="3D Points",
            author_name="Ada Lovelace,,alan@example.org",
            author_email="ada@example, alan at example.org",
            description=" ",
            app_version="1.0",
        )
    said = capfd.readouterr().err.splitlines()
    assert said == [
        "project_name: '3D Points' does not start with a letter, as required for Python packages."
        " For example: Leaf Counter",
        "author_name: there is an empty name in 'Ada Lovelace,,alan@example.org'."
        " For example: Ada Lovelace, Alan Turing",
        "author_name: 'alan@example.org' is an e-mail address, not a name."
        " For example: Ada Lovelace, Alan Turing",
        "author_email: 'ada@example' is not an e-mail address."
        " For example: ada@example.org, alan@example.org",
        "author_email: 'alan at example.org' is not an e-mail address."
        " For example: ada@example.org, alan@example.org",
        "description: it is empty. For example: Counts the leaves in a photo of a plant",
        "app_version: '1.0' is not a version X.Y.Z (optionally followed by a1, b1, rc1, .post1 or"
        " .dev1). For example: 0.1.0",
    ]
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.name[0] != "."]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"project_name": "!"}, "has no letters or digits to use in the name of the package"),
        ({"project_name": "x" * 41}, "is too long: 41 characters, at most 40"),
        ({"project_name": "Lambda"}, "'lambda' is a keyword of Python"),
        ({"project_name": "Statistics"}, "'statistics' is a module of Python's standard library"),
        ({"project_name": "Torch"}, "'torch' is a package that the project itself needs"),
        ({"project_name": "Two\nlines"}, "unprintable character"),
        ({"author_name": "Ada <Lovelace>, Alan"}, "is not allowed in a name"),
        ({"author_name": "Ada"}, "2 addresses for 1 author(s)"),
        ({"description": "x" * 201}, "is too long: 201 characters, at most 200"),
        ({"description": "Two\nlines"}, "it contains a line break"),
    ],
)
def test_what_is_wrong(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], answers: dict[str, str], problem: str
) -> None:
    with pytest.raises(FailedHookException):
        generate(tmp_path, **answers)
    (line,) = capfd.readouterr().err.splitlines()
    (field,) = answers
    assert problem in line
    assert line.startswith("author_email" if "addresses" in problem else field)


def test_names_in_other_letters(tmp_path: Path) -> None:
    folder = generate(tmp_path, project_name="Größe & Länge", app_version="1.0.0rc1")
    assert folder.name == "grosse-lange"
    assert "# Größe & Länge" in (folder / "README.md").read_text()


def test_git_that_has_not_been_told_who_you_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_git_config(tmp_path, monkeypatch)
    folder = generate(tmp_path, start="tabular")
    said = run("git", "log", "--format=%an <%ae> %s", cwd=folder)
    assert said == "Ada Lovelace <ada@example.org> Start from the DEEPaaS template (tabular)\n"
    assert run("git", "status", "--porcelain", cwd=folder) == ""
    # As a link, not as a copy.
    assert "120000" in run("git", "ls-files", "--stage", "src", cwd=folder)


def test_git_that_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_git_config(tmp_path, monkeypatch)
    (tmp_path / ".gitconfig").write_text("[user]\nname = Me\nemail = me@example.org\n")
    folder = generate(tmp_path)
    assert run("git", "log", "--format=%an <%ae>", cwd=folder) == "Me <me@example.org>\n"


def without_git_config(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("XDG_CONFIG_HOME", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_CONFIG_GLOBAL"):
        monkeypatch.delenv(name, raising=False)


def test_no_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    folder = generate(tmp_path)
    said = capfd.readouterr()
    assert said.err == "git is not installed. To create a git repository later, run: git init\n"
    assert "leaf-counter is ready" in said.out
    assert (folder / "tests").is_dir()
    assert not (folder / ".git").exists()


def test_next_steps_where_deepaas_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/sitecustomize.py").write_text("import sys; sys.modules['deepaas'] = None\n")
    package = "  pip install --editable '.[serve,test]'\n"
    generate(tmp_path / "installed")
    assert f"/leaf-counter\n{package}" in capfd.readouterr().out
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"))
    generate(tmp_path / "other")
    host = f"  pip install '{TEMPLATE.parent}[tensorboard,ui]'\n"
    assert f"/leaf-counter\n{host}{package}" in capfd.readouterr().out


def run(command: str, *arguments: str, cwd: Path) -> str:
    """What a command of this environment, or of the system, says; it has to succeed."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [command, *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": path, "RUFF_NO_CACHE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
