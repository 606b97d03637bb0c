"""Checks the metadata of the model."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from deepaas.author_files.folders import PROJECT_FILES
from deepaas.author_files.lines import line_of, shown
from deepaas.check.placeholders import left
from deepaas.check.session import Session
from deepaas.runtime.contract import LoadedModel, NoMetadata
from deepaas.runtime.failures import reason
from deepaas.runtime.json_values import not_json
from deepaas.runtime.odd_metadata import oddities

HUB_FILE = "ai4-metadata.yml"

EXPECTED = {
    "description": ("description", "summary"),
    "author": ("author", "authors"),
    "license": ("license", "licence"),
    "version": ("version",),
}


def check(session: Session, functions: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """Check the result of ``get_metadata`` and return it; empty if there is none."""
    get_metadata = functions.get("get_metadata")
    if get_metadata is None:
        _tell_missing(session, place)
        return {}
    place = session.places.of_function(get_metadata) or place
    called: list[BaseException] = []

    def noting() -> Any:
        try:
            return get_metadata()
        except NotImplementedError as error:
            called.append(error)
            raise

    author = types.SimpleNamespace(get_metadata=noting)
    model = LoadedModel(session.target.name, author, session.spool)
    outcome = session.run("get_metadata", "calling get_metadata", model.metadata, place)
    if called:
        _tell_missing(session, place)
        return {}
    if outcome.skipped:
        return {}
    if outcome.error is not None:
        _tell_failure(session, outcome.error, place)
        return {}
    metadata: Mapping[str, Any] = outcome.value
    _look_at(session, metadata, place)
    return metadata


def _tell_missing(session: Session, place: str) -> None:
    session.add(
        "metadata-missing",
        place,
        "the model has no get_metadata, so it has no description",
        'def get_metadata(): return {"name": …, "description": …, "author": …, "license": …, '
        '"version": …}',
    )


def _tell_failure(session: Session, error: BaseException, place: str) -> None:
    where = session.places.of_error(error)
    if not where and isinstance(error, NoMetadata):
        session.add("metadata-not-a-dict", place, f"get_metadata: {error}", 'return {"name": …, …}')
        return
    fix = "fix this line: the page and the API cannot describe the model"
    origin = error.__cause__ or error.__context__ or error
    if isinstance(error, PackageNotFoundError) or isinstance(origin, PackageNotFoundError):
        fix = f"install the project: pip install -e {shown(session.target.folder) or '.'}"
    session.add("metadata-fails", where or place, f"get_metadata failed: {reason(error)}", fix)


def _look_at(session: Session, metadata: Mapping[str, Any], place: str) -> None:
    for name, value in metadata.items():
        if said := not_json({name: value}):
            session.add(
                "metadata-not-json",
                place,
                f"{name!r} in the metadata: {said}",
                "use strings, numbers, lists and dicts",
            )
            continue
        for oddity in oddities({name: value}):
            session.add("metadata-odd", place, f"in the metadata, {oddity}", "make it a str")
    for name, text in left(metadata):
        session.add(
            "placeholder-left",
            _written(session, text) or place,
            f"{name!r} in the metadata still has {text!r} from a template",
            "write your own text",
        )
    there = {str(name).lower() for name, value in metadata.items() if value not in (None, "", [])}
    lacking = [name for name, others in EXPECTED.items() if not there.intersection(others)]
    if lacking:
        session.add(
            "metadata-incomplete",
            place,
            f"the metadata has no {', '.join(lacking)}",
            f"add {', '.join(map(repr, lacking))} to what get_metadata returns",
        )


def _written(session: Session, text: str) -> str:
    """Return the line of a text in the files of the project; empty if it is in none of them."""
    folder = Path(session.target.folder)
    files = [folder / name for name in (*PROJECT_FILES, HUB_FILE)] if session.target.folder else []
    places = (line_of(file, text) for file in files if file.is_file())
    return next((place for place in places if re.search(r":\d+$", place)), "")
