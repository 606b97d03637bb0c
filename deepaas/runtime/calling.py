"""How the author's functions are called: what they take, and what becomes of a call that fails."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from deepaas.runtime.failures import CannotBeServed, text
from deepaas.runtime.tracebacks import has_authors_frame


class AsksForArguments(CannotBeServed):
    """A ``function``, or a class, that has to do without any."""

    def __init__(self, problem: str, function: Any) -> None:
        super().__init__(problem)
        self.function = function


def without_arguments(function: Callable[[], Any], said: str, advice: str) -> Any:
    """What a function (or class) gives that is called so; AsksForArguments if it asks for some."""
    try:
        inspect.signature(function, follow_wrapped=False).bind()
    except TypeError as error:
        if not callable(function):
            kind = type(function).__name__
            problem = f"{said}, but it is no function but {kind}. {advice}"
            raise AsksForArguments(problem, function) from None
        problem = f"{said} without arguments ({error}). {advice}"
        raise AsksForArguments(problem, function) from None
    except ValueError:
        if inspect.ismethod(function):  # Its only argument would be the object.
            problem = f"{said} with its object, but takes nothing. {advice.replace('()', '(self)')}"
            raise AsksForArguments(problem, function) from None
        # Compiled code does not tell.
    return function()


@contextlib.contextmanager
def declared_in(name: str, declared: Any) -> Iterator[None]:
    """Around what reads a declaration: a complaint about it names the place, and no code of ours.

    Raises ``CannotBeServed``; what the author's own code raises stays as it is.
    """
    try:
        yield
    except (CannotBeServed, NotImplementedError):
        raise
    except (LookupError, TypeError, ValueError) as error:
        if has_authors_frame(error):
            raise
        raise CannotBeServed(f"{name}{place_of(declared)}: {text(error)}") from error


def place_of(function: Any, name: str = "") -> str:
    """Where a function is written, with the line of the first string ``name`` in it, if any."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return ""
    line = code.co_firstlineno
    with contextlib.suppress(OSError, TypeError):
        source, line = inspect.getsourcelines(code)
        line += next((n for n, text in enumerate(source) if repr(name) in _quoted(text)), 0)
    return f" ({code.co_filename}:{line})"


def _quoted(text: str) -> str:
    return text.replace('"', "'")
