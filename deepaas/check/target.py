"""What is to be checked: from the name that somebody gives to entry points and folders."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from deepaas.check.findings import Finding, finding
from deepaas.check.places import shown
from deepaas.check.project import GROUP, Project, is_project, read
from deepaas.kinds.cog import CONTRACT, METHODS, USUAL_NAMES

TYPED_PROJECT = "cog.yaml"
"""What makes a folder one of a typed predictor."""


class UnknownSource(Exception):
    """There is nothing of this name; the message says what there is."""


@dataclass(frozen=True)
class Target:
    """One model that is to be checked.

    Attributes:
        name: of the model.
        value: the entry point: a module, or ``module:object``.
        place: where the entry point is declared, empty if it is not.
        paths: folders to import from, before all others.
        folder: of the project, empty for what is installed or a single module.
        typed: whether it is a typed predictor, and the value its path.
    """

    name: str
    value: str
    place: str = ""
    paths: list[str] = field(default_factory=list)
    folder: str = ""
    typed: bool = False

    @property
    def module(self) -> str:
        """The module that the entry point names."""
        return self.value.partition(":")[0].strip()


@dataclass
class Found:
    """What a source stands for.

    Attributes:
        targets: the models.
        findings: what is wrong with how they are declared.
    """

    targets: list[Target] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def find(source: str) -> Found:
    """Find out what somebody means.

    Args:
        source: the name of an entry point, a path to a project, a package or a module, or a
            dotted module name; or that of a typed predictor (``predict.py:Predictor``,
            ``predict.py``, a folder with ``cog.yaml``); empty for the project in the working
            directory.

    Raises:
        UnknownSource: nothing of this name is there.
    """
    path = Path(source or ".")
    if (typed := _typed(source, path)) is not None:
        return Found([typed])
    if "/" not in source and not source.startswith(".") and not source.endswith(".py"):
        installed = list(metadata.entry_points(group=GROUP, name=source)) if source else []
        if installed:
            return _installed(source, installed)
    if path.is_dir():
        if is_project(path):
            return _project(read(path.resolve()))
        target = _folder(path.resolve())
        if target is not None:
            return Found([target])
        missing = f"{_named(source, path)} is no model package: it has neither a pyproject.toml"
        raise UnknownSource(f"{missing} (setup.cfg, setup.py) nor an api.py. {_installed_names()}")
    if path.is_file():
        if path.suffix != ".py":
            raise UnknownSource(f"{source} is no Python file")
        return Found([_file(path.resolve())])
    if _is_module(source):
        return Found([Target(source.rpartition(":")[0] or source, source, paths=[str(Path.cwd())])])
    raise UnknownSource(
        f"there is no model, folder, file or module called {source!r}. {_installed_names()}"
    )


def _typed(source: str, path: Path) -> Target | None:
    """A typed predictor, if that is what somebody means."""
    file, colon, name = source.rpartition(":")
    if not colon and path.suffix == ".py" and path.is_file():
        file, name = source, _typed_name(path)
    if name and file.endswith(".py") and Path(file).is_file():
        return Target(name, f"{Path(file).resolve()}:{name}", typed=True)
    if not (path / TYPED_PROJECT).is_file():
        return None
    if is_project(path) and read(path.resolve()).entry_points:
        return None  # A package that is a model anyway.
    return Target(path.resolve().name, str(path.resolve()), typed=True)


def _typed_name(file: Path) -> str:
    """The typed predictor that a host would find in a file, empty for none; nothing is imported.

    The name alone does not tell: modules of DEEPaaS's contract have a function ``predict``, too.
    """
    try:
        body = ast.parse(file.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return ""
    named = {name: node for node in body for name in _names(node)}
    functions = [named[name] for name in METHODS if name in named]
    if any(name in named for name in CONTRACT) or not all(map(_has_types, functions)):
        return ""
    return next((name for name in USUAL_NAMES if name in named), "")


def _names(node: ast.stmt) -> list[str]:
    """What a statement of a module gives a name to."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.ImportFrom(names=names):
            return [one.asname or one.name for one in names]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
    return []


def _has_types(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return node.returns is not None or any(one.annotation is not None for one in taken)


def _installed(name: str, entries: list[metadata.EntryPoint]) -> Found:
    found = Found()
    owners = [entry.dist.name if entry.dist else "?" for entry in entries]
    if len(entries) > 1:
        found.findings.append(_twice(name, f"entry point {name}", owners))
    value = entries[0].value
    found.targets.append(Target(name, value, place=f"entry point {name} of {owners[0]}"))
    return found


def _project(project: Project) -> Found:
    found = Found()
    for place, reason in project.broken:
        found.findings.append(
            finding(
                "project-unreadable",
                place,
                f"the file cannot be read: {reason}",
                "correct it: nothing in this project can be installed before",
            )
        )
    declared = project.entry_points or _entry_points_of(project.name)
    for name, value in declared.items():
        place = project.lines.get(name, project.place)
        paths = _paths(project, value)
        found.targets.append(Target(name, value, place, paths, str(project.folder)))
        found.findings += _against_installed(project, name, value, place)
    if not declared:
        if not project.broken:
            found.findings.append(_no_entry_point(project))
        guess = next(filter(None, map(_folder, _candidates(project))), None)
        if guess is not None:
            found.targets.append(
                Target(guess.name, guess.value, "", guess.paths, str(project.folder))
            )
    return found


def _no_entry_point(project: Project) -> Finding:
    example = project.name.replace("-", "_") or "my_model"
    fix = f'in pyproject.toml: [project.entry-points."{GROUP}"] {example} = "{example}.api"'
    problem = f"no entry point in the group {GROUP} is declared: no host will find the model"
    return finding("no-entry-point", project.place, problem, fix)


def _against_installed(project: Project, name: str, value: str, place: str) -> Iterator[Finding]:
    """Compare an entry point with what is installed here."""
    own = _normal(project.name)
    others = [
        entry.dist.name
        for entry in metadata.entry_points(group=GROUP, name=name)
        if entry.dist is not None and _normal(entry.dist.name) != own
    ]
    if others:
        yield _twice(name, place, [project.name or "this project", *others])
    try:
        installed = metadata.distribution(project.name) if project.name else None
    except metadata.PackageNotFoundError:
        installed = None
    if installed is not None:
        known = {e.name: e.value for e in installed.entry_points if e.group == GROUP}
        if known.get(name) != value:
            yield finding(
                "install-stale",
                place,
                f"{project.name} is installed here, but not with the entry point {name} = {value}",
                f"install it again: pip install -e {shown(project.folder)}",
            )


def _twice(name: str, place: str, owners: list[str]) -> Finding:
    return finding(
        "entry-point-twice",
        place,
        f"several installed packages have an entry point {name!r}: {', '.join(owners)}; "
        "the host takes none of them",
        "give one of them another name, or uninstall it",
    )


def _entry_points_of(name: str) -> dict[str, str]:
    try:
        installed = metadata.distribution(name) if name else None
    except metadata.PackageNotFoundError:
        return {}
    entries = installed.entry_points if installed else ()
    return {entry.name: entry.value for entry in entries if entry.group == GROUP}


def _paths(project: Project, value: str) -> list[str]:
    """The folder of the project from which this module can be imported, or all of them."""
    top = value.partition(":")[0].partition(".")[0].strip()
    roots = list(dict.fromkeys(root.resolve() for root in project.roots if root.is_dir()))
    fitting = [r for r in roots if (r / top).is_dir() or (r / f"{top}.py").is_file()]
    return [str(root) for root in fitting[:1] or roots]


def _candidates(project: Project) -> Iterator[Path]:
    for root in project.roots:
        if root.is_dir():
            yield root
            yield from sorted(one for one in root.iterdir() if (one / "__init__.py").is_file())


def _folder(folder: Path) -> Target | None:
    """A folder without project files: the model is its api module, or the package itself."""
    for inner in (folder / "api.py", folder / "api" / "__init__.py", folder / "__init__.py"):
        if inner.is_file():
            return _file(inner)
    return None


def _file(file: Path) -> Target:
    names = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    value = ".".join(names)
    return Target(value, value, paths=[str(folder)])


def _is_module(source: str) -> bool:
    """Whether the first part of a dotted name can be imported; nothing is imported for that."""
    module = source.partition(":")[0]
    if not all(word.isidentifier() for word in module.split(".")):
        return False
    top = module.partition(".")[0]
    path = [str(Path.cwd()), *sys.path]
    return importlib.machinery.PathFinder.find_spec(top, path) is not None


def _installed_names() -> str:
    names = sorted({entry.name for entry in metadata.entry_points(group=GROUP)})
    return f"Installed models: {', '.join(names)}" if names else "No model is installed"


def _named(source: str, path: Path) -> str:
    return source or f"the working directory {path.resolve()}"


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
