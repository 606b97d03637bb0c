"""Reads the metadata of a project from its files, whether or not it is installed."""

from __future__ import annotations

import ast
import configparser
import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepaas.author_files.folders import PROJECT_FILES
from deepaas.author_files.lines import line_of, shown
from deepaas.author_files.python import source, tree


@dataclass
class PackageProject:
    """A folder with a project.

    Attributes:
        name: name of the distribution, empty if unknown.
        group: the group of the models' entry points.
        entry_points: entry points of the models: value by name; `lines` are their locations.
        other_groups: locations of entry points of other groups.
        requirements: declared requirements with their locations.
        about: its metadata, as headers of Python packages.
        broken: location and reason for each invalid file.
    """

    folder: Path
    group: str
    name: str = ""
    entry_points: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    other_groups: dict[str, str] = field(default_factory=dict)
    requirements: dict[str, str] = field(default_factory=dict)
    roots: list[Path] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    about: list[tuple[str, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        files = (self.folder / name for name in PROJECT_FILES)
        return shown(next((file for file in files if file.is_file()), self.folder))

    def file_of(self, value: str) -> Path | None:
        """Return the file of an entry point, None if it does not exist."""
        words = value.partition(":")[0].strip().split(".")
        for root in self.roots:
            path = root.joinpath(*words)
            for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
                if file.is_file():
                    return file
        return None


def read(folder: Path, group: str) -> PackageProject:
    """Read the project files of a folder, with the entry points of a group; no code is run."""
    project = PackageProject(folder, group)
    readers = (_read_setup_py, _read_setup_cfg, _read_pyproject)
    for name, reader in zip(reversed(PROJECT_FILES), readers, strict=True):
        file = folder / name
        if not file.is_file():
            continue
        try:
            reader(project, file)
        except SyntaxError as error:
            project.broken.append((shown(file, error.lineno), f"line {error.lineno}: {error.msg}"))
        except (ValueError, OSError, RecursionError, configparser.Error) as error:
            project.broken.append((shown(file), " ".join(str(error).split())))
    project.roots += [folder, folder / "src"]
    project.about.insert(0, ("Name", project.name))
    if not any(name == "Version" for name, _ in project.about):
        project.about.append(("Version", "0"))
    return project


def _read_pyproject(project: PackageProject, file: Path) -> None:
    # It is in the standard library since Python 3.11.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    document = toml.loads(file.read_text(encoding="utf-8"))
    about = _table(document, "project")
    project.name = str(about.get("name", project.name))
    _take_requirements(project, file, about.get("dependencies"))
    _take_about(project, about)
    _take_groups(project, file, _table(about, "entry-points"))
    _take_entry_points(project, file, _table(about, "entry-points", project.group))
    poetry = _table(document, "tool", "poetry")
    project.name = project.name or str(poetry.get("name", ""))
    _take_about(project, {**poetry, "authors": _people(poetry.get("authors"))})
    _take_groups(project, file, _table(poetry, "plugins"))
    _take_entry_points(project, file, _table(poetry, "plugins", project.group))
    setuptools = _table(document, "tool", "setuptools")
    root = _table(setuptools, "package-dir").get("")
    where = _table(setuptools, "packages", "find").get("where", [])
    for one in [root, *(where if isinstance(where, list) else [where])]:
        if isinstance(one, str):
            project.roots.append(project.folder / one)


def _read_setup_cfg(project: PackageProject, file: Path) -> None:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file, encoding="utf-8")
    project.name = parser.get("metadata", "name", fallback=project.name)
    if parser.has_section("metadata"):
        _take_about(project, dict(parser["metadata"]))
    # `entry_points` without `options.` is the format of pbr, which older templates use.
    for section in ("entry_points", "options.entry_points"):
        if parser.has_section(section):
            _take_groups(project, file, parser[section])
        declared = parser.get(section, project.group, fallback="")
        _take_entry_points(project, file, dict(_pairs(declared)))
    wanted = parser.get("options", "install_requires", fallback="")
    _take_requirements(project, file, wanted.splitlines())
    for _, root in _pairs(parser.get("options", "package_dir", fallback="")):
        project.roots.append(project.folder / root)
    where = parser.get("options.packages.find", "where", fallback="").strip()
    if where:
        project.roots.append(project.folder / where)


def _read_setup_py(project: PackageProject, file: Path) -> None:
    for node in ast.walk(tree(source(file), str(file))):
        if isinstance(node, ast.Call) and _called(node) == "setup":
            arguments = {one.arg: _literal(one.value) for one in node.keywords}
            if isinstance(arguments.get("name"), str):
                project.name = arguments["name"]
            _take_requirements(project, file, arguments.get("install_requires"))
            declared = arguments.get("entry_points")
            _take_groups(project, file, declared if isinstance(declared, dict) else {})
            lines = declared.get(project.group, []) if isinstance(declared, dict) else []
            text = lines if isinstance(lines, str) else "\n".join(map(str, lines))
            _take_entry_points(project, file, dict(_pairs(text)))


def _take_entry_points(project: PackageProject, file: Path, declared: Mapping[str, Any]) -> None:
    for name, value in declared.items():
        project.entry_points[str(name)] = str(value).strip()
        project.lines[str(name)] = line_of(file, str(name), str(value).strip())


def _take_groups(project: PackageProject, file: Path, declared: Mapping[str, Any]) -> None:
    for group in map(str, declared):
        if group != project.group:
            project.other_groups[group] = line_of(file, group)


_HEADERS = {
    "version": "Version",
    "description": "Summary",
    "summary": "Summary",
    "author": "Author",
    "author_email": "Author-email",
    "author-email": "Author-email",
    "license": "License",
    "url": "Home-page",
    "home-page": "Home-page",
    "home_page": "Home-page",
}


def _take_about(project: PackageProject, told: Mapping[str, Any]) -> None:
    for key, header in _HEADERS.items():
        value = told.get(key)
        if isinstance(value, Mapping):
            value = value.get("text")
        if isinstance(value, str) and value and not value.startswith(("attr:", "file:")):
            project.about.append((header, value))
    authors = told.get("authors")
    for one in authors if isinstance(authors, list) else []:
        name, email = (str(one.get(key) or "") for key in ("name", "email"))
        if email:
            project.about.append(("Author-email", f"{name} <{email}>" if name else email))
        elif name:
            project.about.append(("Author", name))
    for label, url in _table(told, "urls").items():
        project.about.append(("Project-URL", f"{label}, {url}"))


def _people(authors: Any) -> list[dict[str, str]]:
    """Convert Poetry's authors, ``Ada <ada@example.org>``, to the standard format."""
    told = authors if isinstance(authors, list) else []
    parts = (str(one).partition("<") for one in told)
    return [{"name": name.strip(), "email": email.strip(" >")} for name, _, email in parts]


def _take_requirements(project: PackageProject, file: Path, declared: Any) -> None:
    for one in declared if isinstance(declared, list) else []:
        text = str(one).strip()
        if text and not text.startswith("#"):
            project.requirements[text] = line_of(file, text)


def _table(document: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            yield name.strip(), value.strip()


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
