"""Finds models without importing them."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepaas.author_files.contents import may_be_model
from deepaas.author_files.folders import missing
from deepaas.author_files.lines import shown
from deepaas.author_files.modules import near_module
from deepaas.errors import ConfigError
from deepaas.model import interpreter
from deepaas.model.kinds import (
    Certainty,
    Installed,
    Kinds,
    ModelKind,
    Recognised,
    claimed,
    cleaned,
    in_vain,
    load_kinds,
    offers,
)
from deepaas.model.sources import CODE
from deepaas.near_names import near
from deepaas.plugins import MODEL_LOADERS
from deepaas.programs import OWN, Interpreter

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoundModel:
    """`kind` is an entry point of ``deepaas.runtime``; `watch` gives what `source` consists of.
    `origin` says where it comes from: a path, or a package with its version."""

    name: str
    kind: str
    source: str
    watch: Callable[[], Sequence[Path]]
    interpreter: Interpreter = OWN
    origin: str = ""


def installed(kinds: Kinds) -> list[Installed]:
    """Sorted by name."""
    found: list[Installed] = []
    for name, kind in kinds.items():
        try:
            found += kind.installed(OWN)
        except ConfigError:  # noqa: PERF203
            raise
        except Exception:
            _log.exception("Could not list the installed models of the kind %r", name)
    return sorted(found)


def choose(
    wanted: Sequence[str], pythons: Sequence[str] = (), kinds: Kinds | None = None
) -> list[FoundModel]:
    """The models to serve: those that are wanted, or all that are installed, or if none is, the one
    in the working directory.

    These are names, paths or anything else that a kind of model recognises, or ``name=path``;
    `pythons` are ``name=python``. Raises ``ConfigError`` if a model does not exist, if two have the
    same name, or if none is installed.
    """
    kinds = load_kinds() if kinds is None else kinds
    available = list(dict.fromkeys(one.name for one in installed(kinds)))
    interpreters = dict(_interpreter(one) for one in pythons)
    named = wanted or [*available, *(name for name in interpreters if name not in available)]
    if not wanted and (here := uninstalled(kinds)):
        if named:
            _log.warning(
                "serving %s, and not %s in this folder, which is not installed: "
                "to serve that, use deepaas-run .",
                *(", ".join(named), here),
            )
        else:
            _log.info("no model is installed: serving %s in this folder", here)
            named = ["."]
    vain = in_vain(kinds)
    if named and not wanted:
        for remark in vain:
            _log.warning("%s", remark)
    if not named:
        here = "serve the one in this folder: deepaas-run ." if _is_here(kinds) else ""
        raise ConfigError(
            f"no model is installed: no installed package has {offers(kinds)}. "
            f"{' '.join([*vain, here or 'To create a model: deepaas-cli new NAME'])}"
        )
    found = [_found(one, kinds, interpreters) for one in named]
    names = [one.name for one in found]
    for name in interpreters:
        if name not in names:
            raise ConfigError(
                f"--model-python: model {name!r} not found. Models to serve: {', '.join(names)}."
            )
    for one in found:
        if names.count(one.name) > 1:
            raise ConfigError(
                f"two models have the name {one.name!r}. Choose another name for one of them: "
                f"other-name={one.source}"
            )
    return found


def uninstalled(kinds: Kinds) -> str:
    """The model of the folder that somebody works in, as its path; empty if there is none, or it is
    one of those that are installed.

    Only folders with certain files are looked into: to read all of any folder takes seconds.
    """
    if not _may_hold_model(Path(), kinds):
        return ""
    with contextlib.suppress(ConfigError):
        kind, here = _recognised(".", kinds, OWN)
        names = [one.name for one in kinds[kind].installed(OWN)]
        roots = [root for name in names for root in kinds[kind].watch(name)]
        file = Path(here.source.partition(":")[0]).resolve()
        is_one = here.certainty > Certainty.GUESS or may_be_model(file)
        if is_one and here.name not in names and not any(map(file.is_relative_to, roots)):
            return _path(here.source)
    return ""


def _may_hold_model(folder: Path, kinds: Kinds) -> bool:
    return any((folder / name).is_file() for kind in kinds.values() for name in kind.files)


def _is_here(kinds: Kinds) -> bool:
    """Whether the working directory is that of a model."""
    with contextlib.suppress(ConfigError):
        return bool(_recognised(".", kinds, OWN))
    return False


def _found(wanted: str, kinds: Kinds, interpreters: Mapping[str, Interpreter]) -> FoundModel:
    name, equals, reference = wanted.partition("=")
    if not equals or "/" in name:
        name, reference = "", wanted
    elif "/" not in reference:
        reference = f"./{reference}"  # Only paths can be given another name.
    other = interpreters.get(reference, OWN)
    kind_name, recognised = _recognised(reference, kinds, other)
    name = cleaned(name) or recognised.name
    found = FoundModel(
        name,
        kind_name,
        recognised.source,
        lambda: kinds[kind_name].watch(recognised.source),
        interpreters.get(name, OWN),
        _origin(recognised.source, kinds[kind_name], other),
    )
    _check_needs(found, kinds[kind_name])
    return found


def _origin(source: str, kind: ModelKind, python: Interpreter) -> str:
    if Path(source).is_absolute():
        return _path(source)
    there = installed({"": kind}) if python is OWN else kind.installed(python)
    package = next((one for one in there if one.name == source), Installed(source))
    origin = " ".join(word for word in ("package", package.package, package.version) if word)
    return origin if package.package else str(python.path)


def _path(source: str) -> str:
    path = shown(source)
    return path if Path(path).is_absolute() else f"./{'' if path == '.' else path}"


def _recognised(reference: str, kinds: Kinds, other: Interpreter) -> tuple[str, Recognised]:
    """Raises ``ConfigError`` if no kind recognises it, or several do."""
    questions = {
        name: functools.partial(kind.recognise, reference, other) for name, kind in kinds.items()
    }
    return claimed(reference, questions, lambda: _unknown(reference, kinds, other))


def _unknown(reference: str, kinds: Kinds, other: Interpreter) -> str:
    place = Path(reference).expanduser().absolute()
    if "/" in reference or place.is_file():
        if place.exists():
            return f"{place} is not a model of any installed kind."
        return missing(place)
    names = sorted({one.name for kind in kinds.values() for one in kind.installed(other)})
    there = f"Installed models: {', '.join(names)}." if names else "There are no installed models."
    where = "" if other is OWN else f" for {other.path}"
    name = near(reference, names)
    meant = (
        "" if where else next(_meant(reference, kinds), f" Did you mean {name}?" if name else "")
    )
    vain = [] if where or meant else in_vain(kinds)
    return f"model {reference!r} is not installed{where}. {' '.join([there + meant, *vain])}"


def _meant(reference: str, kinds: Kinds) -> Iterator[str]:
    """Paths that somebody may have meant by a name that is none."""
    module = Path(near_module(reference, [Path()]).replace(".", "/") + CODE)
    if "." in reference and module.is_file():
        yield f" Did you mean {module} ?"
    there = sorted(Path().glob("*"))
    meant = near(reference, {name for beside in there for name in (beside.stem, beside.name)})
    for beside in there:
        path = f"./{beside}/" if beside.is_dir() else str(beside)
        if meant in (beside.stem, beside.name):
            if beside.name == reference and _may_hold_model(beside, kinds):
                yield f" Did you mean {path} ?"  # If not, its own error says why.
            with contextlib.suppress(ConfigError):
                _recognised(path, kinds, OWN)
                yield f" Did you mean {path} ?"


def _interpreter(given: str) -> tuple[str, Interpreter]:
    """Raises ``ConfigError`` if the interpreter cannot serve models."""
    name, equals, path = given.partition("=")
    if not equals or not name or not path:
        raise ConfigError(f"--model-python: {given!r} must be NAME=/path/to/python.")
    return name, interpreter.ask(Path(path).expanduser())


def _check_needs(found: FoundModel, kind: ModelKind) -> None:
    """Raises ``ConfigError`` if no worker can load the model."""
    python = found.interpreter
    if python is not OWN and found.kind not in python.entry_points(MODEL_LOADERS):
        raise ConfigError(
            f"model {found.name!r} needs the plugin for models of the kind {found.kind!r}, which "
            f"is not installed for {python.path}."
        )
    try:
        needed = kind.needs(found.source)
    except Exception as error:
        raise ConfigError(
            f"could not find out the requirements of model {found.name!r} (kind {found.kind!r}): "
            f"{error}"
        ) from error
    if needed and (lacking := interpreter.lacking(python, needed)):
        raise ConfigError(
            f"model {found.name!r} (kind {found.kind!r}) needs {', '.join(lacking)}. Install it "
            f"first: {python.path} -m pip install {' '.join(lacking)}"
        )
