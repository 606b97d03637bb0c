"""The process in which a model is checked, isolated from the command.

:mod:`deepaas.check.process` starts it. The command for users is ``deepaas-cli check``.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import os
import signal
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deepaas.check import (
    arguments,
    calls,
    doors,
    functions,
    kinds,
    metadata,
    noting,
    page,
    schema,
)
from deepaas.check.search import find
from deepaas.check.sentences import problem_and_fix
from deepaas.check.session import CheckJob, Session
from deepaas.check.target import UnknownSource
from deepaas.model.interpreter import lacking
from deepaas.model.kinds import load_kinds
from deepaas.programs import OWN
from deepaas.runtime import interpreter
from deepaas.runtime.batching.ways import FUNCTION, OPTIONS
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import reason
from deepaas.runtime.signatures import DECLARED, undeclared_because_misspelt


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m deepaas.check", description=__doc__)
    parser.add_argument("--wire", type=int, required=True, help="file descriptor for the messages")
    parser.add_argument("--folder", type=Path, required=True, help="folder for temporary files")
    parser.add_argument("what", choices=["find", "check"])
    parser.add_argument("text", help="the source, or the job as JSON")
    options = parser.parse_args(argv)
    os.set_inheritable(options.wire, False)
    with os.fdopen(options.wire, "wb") as wire:
        if options.what == "find":
            wire.write(found_as_json(options.text))
            return
        _prepare(options.folder)
        session = Session(CheckJob.from_json(options.text), wire, options.folder / "spool")
        session.spool.mkdir(exist_ok=True)
        check(session)
        session.end()
        # The author's threads would keep the process running.
        os._exit(0)


def found_as_json(source: str) -> bytes:
    """Return the result of :func:`deepaas.check.search.find`."""
    try:
        return msgspec.json.encode(find(source))
    except UnknownSource as error:
        return msgspec.json.encode({"unknown": str(error)})


def check(session: Session) -> None:
    """Check one model, part by part. If one part fails, the next ones still run."""
    kind = session.target.kind
    session.guard(lambda: _look_at_needs(session), "the requirements of its kind")
    author = kinds.load_kinds().get(kind, kinds.ModelCheck()).check(session)
    if author is not None:
        _check_author(session, author)


def _look_at_needs(session: Session) -> None:
    kind = load_kinds().get(session.target.kind)
    for name in lacking(OWN, kind.needs(session.target.value)) if kind is not None else ():
        session.add(
            "requirement-missing",
            session.place,
            f"models of the kind {session.target.kind!r} need {name}, which is not installed",
            f"pip install {name}",
        )


class _Parts:
    def __init__(self, session: Session, author: Any) -> None:
        self._session = session
        self._author = author
        self.usable: dict[str, Any] = {}
        self.near: Mapping[str, str] = {}
        self.said: Mapping[str, Any] = {}
        self.declared: dict[str, arguments.Declared] = {}
        self.response: Any = None

    def look_at_functions(self) -> None:
        self.usable = functions.usable(self._session, self._author)

    def look_at_names(self) -> None:
        self.near = functions.look_at_names(self._session, self._author)

    def look_at_metadata(self) -> None:
        if "get_metadata" not in self.near.values():
            self.said = metadata.check(self._session, self.usable, self._session.place)

    def look_at_arguments(self) -> None:
        misspelt = undeclared_because_misspelt(self._author, self.near)
        for function in DECLARED:
            declare = misspelt.get(function, "")
            if found := arguments.check(self._session, function, self.usable, declare):
                self.declared[function] = found

    def look_at_schema(self) -> None:
        self.response = schema.check(self._session, self._author)

    def as_author(self) -> types.SimpleNamespace:
        author = types.SimpleNamespace(**self.usable, schema=self.response)
        for name in (FUNCTION, *OPTIONS):
            if hasattr(self._author, name):
                setattr(author, name, getattr(self._author, name))
        for function, found in self.declared.items():
            setattr(author, DECLARED[function], lambda found=found: found.fields)
        return author


def _check_author(session: Session, author: Any) -> None:
    parts = _Parts(session, author)
    session.guard(parts.look_at_functions, "the functions")
    session.guard(parts.look_at_names, "the names")
    session.guard(parts.look_at_metadata, "the metadata")
    session.guard(parts.look_at_arguments, "the arguments")
    session.guard(parts.look_at_schema, "the schema")
    session.guard(lambda: _check_as_client(session, parts), "the examples")
    _check_whole(session, parts)


def _check_as_client(session: Session, parts: _Parts) -> None:
    model = page.read(session.target.name, parts.declared, parts.response, parts.said)
    page.check(session, model, parts.declared)
    calls.check(session, parts.as_author(), model, parts.declared, parts.said)


def _check_whole(session: Session, parts: _Parts) -> None:
    """Load all parts together as a worker does, so that the check finds what a host would."""
    if session.failed:
        return
    try:
        loaded = LoadedModel(session.target.name, parts.as_author(), session.spool)
        description = loaded.describe()
    except Exception as error:
        where = session.places.of_error(error) or session.place
        session.add("host-refuses", where, *problem_and_fix(reason(error)))
    else:
        session.guard(lambda: doors.tell(session, description), "how it is called")


def _prepare(folder: Path) -> None:
    interpreter.hide_command()
    # A file for the stack if the code crashes or hangs.
    stack = os.open(folder / "stack", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    faulthandler.enable(stack, all_threads=False)
    faulthandler.register(signal.SIGUSR2, stack, all_threads=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError):
                stream.reconfigure(errors="backslashreplace")
    noting.note_fields()


if __name__ == "__main__":
    main()
