"""Imports Gradio without what only editors and ``help()`` need.

At each import, Gradio writes ``.pyi`` files of its components next to its sources, for editors.
This doubles the time of the import, and changes the installed package. Of the rest, a tenth is
spent on the docstrings of events, each from a template.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


def _write_no_stubs(module: ModuleType) -> None:
    vars(module)["create_or_modify_pyi"] = lambda *_: None


def _leave_docstrings(module: ModuleType) -> None:
    module.EventListener.set_doc = lambda *_, **__: None


_CHANGES: Mapping[str, Callable[[ModuleType], None]] = {
    "gradio.component_meta": _write_no_stubs,
    "gradio.events": _leave_docstrings,
}


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _CHANGES[self.name](module)


class _Finder:
    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _CHANGES:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
        return spec


@contextmanager
def without_stubs() -> Iterator[None]:
    """A context in which to import Gradio."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
