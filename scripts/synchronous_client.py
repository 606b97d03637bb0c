"""Write ``deepaas/client/synchronous.py`` anew, from the client for event loops.

Each public method there becomes one that waits for it: with its signature, for type checkers and
``help()``, and with its docstring. Not by ``unasync``, which would need an HTTP client without a
loop behind it: calls run on the loop of a ``Portal``, by which Ctrl-C and threads work.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "deepaas" / "client"
WRITTEN = CLIENT / "synchronous.py"

HEAD = '''
"""The client for programs without an event loop: scripts, notebooks, threads.

Generated from the client for event loops, do not edit: ``python -m scripts.synchronous_client``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, overload

from deepaas.client.asynchronous import URL_OF_A_HOST, AsyncClient, without_password
from deepaas.client.description import Model
from deepaas.client.notices import warn
from deepaas.client.portal import Portal
from deepaas.client.runs import Run
from deepaas.client.training import AsyncTraining, Shown
from deepaas.client.trainings import File

__tracebackhide__ = True
"""Makes pytest show the caller's line instead of one in here."""
'''

CLIENT_HEAD = '''
class Client:
    """A client of one host: its models, predictions and training runs.

    Several threads may use it, also in notebooks. Ctrl-C during a call closes its connection, and
    the host stops the prediction. Close it, or use it in a ``with`` statement; otherwise it is
    closed when the program ends.

    Errors are raised as classes of :mod:`deepaas.client.errors`.

    Args:
        url: of the host, including its base path if it has one.
        api_key: sent as ``Authorization: Bearer …``; None: the one in ``DEEPAAS_API_KEY``, or in
            the file ``DEEPAAS_API_KEY_FILE``, if there is one.
        timeout: seconds for a request; None: no limit for predictions.
        retries: how often a request is retried if the host has certainly not started it, or if it
            changes nothing.
        on_notice: called with each notice of the host, for example which arguments it ignored.
            None: a Python warning, :class:`HostNotice`.
        priority: of predictions that wait for a worker, from 1 (first) to 9; None: 5.
        queue_timeout: seconds that a prediction may wait for a worker, then `Busy` is raised;
            None: as long as the host allows.
    """

    def __init__(
        self,
        url: str = URL_OF_A_HOST,
        *,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: int = 2,
        on_notice: Callable[[str], None] | None = None,
        priority: int | None = None,
        queue_timeout: float | None = None,
    ) -> None:
        self._portal = Portal(on_notice or warn)
        self._asynchronous = AsyncClient(
            url,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            on_notice=self._portal.notices.append,
            priority=priority,
            queue_timeout=queue_timeout,
        )
        self._portal.leave = self._asynchronous.close
        self.url = self._asynchronous.url

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({without_password(self.url)!r})"

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._portal.close()
'''

TRAINING_HEAD = '''
class Training(Shown):
    """The object for one training run.

    Args:
        portal: where its calls run.
        training: the same for an event loop.
    """

    def __init__(self, portal: Portal, training: AsyncTraining) -> None:
        self._portal = portal
        self._asynchronous = training
'''


def main() -> None:
    """Run the command."""
    WRITTEN.write_text(generated(), encoding="utf-8")


def generated() -> str:
    """The module, as it has to be."""
    source = "\n".join((HEAD, *_class(CLIENT_HEAD, "asynchronous.py", "AsyncClient")))
    source += "\n".join(("", *_class(TRAINING_HEAD, "training.py", "AsyncTraining")))
    command = (sys.executable, "-m", "ruff", "format", "-", "--stdin-filename", str(WRITTEN))
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def _class(head: str, module: str, name: str) -> Iterator[str]:
    """The lines of a class whose constructor stands in `head`."""
    yield head
    tree = ast.parse((CLIENT / module).read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    for member in found.body:
        if (
            isinstance(member, ast.AsyncFunctionDef | ast.FunctionDef)
            and not member.name.startswith("_")
            and f"def {member.name}(" not in head
        ):
            yield from _method(member, name)


def _method(method: ast.AsyncFunctionDef | ast.FunctionDef, owner: str) -> Iterator[str]:
    returned = _synchronous(ast.unparse(method.returns) if method.returns else "None")
    decorators = [ast.unparse(one) for one in method.decorator_list]
    yield ""
    yield from (f"    @{one}" for one in decorators)
    yield f"    def {method.name}({_synchronous(ast.unparse(method.args))}) -> {returned}:"
    if "overload" in decorators:
        yield "        ..."
        return
    yield f'        """{_docstring(method)}"""'
    made = f"self._asynchronous.{method.name}"
    if "property" in decorators:
        yield f"        return {made}"
    else:
        call = f"{made}({_passed_on(method.args)})"
        yield from (f"        {line}" for line in _body(call, returned, owner))


def _body(call: str, returned: str, owner: str) -> list[str]:
    """What waits for `call`, and makes of it what it returns."""
    if returned == "Generator[Training, None, None]":
        return [
            f"for one in self._portal.iterate({call}):",
            "    yield Training(self._portal, one)",
        ]
    if returned.startswith("Generator["):
        return [f"yield from self._portal.iterate({call})"]
    waited = f"self._portal.run({call})"
    if returned == "None":
        return [waited]
    if returned == "Training" and owner == "AsyncTraining":
        return [waited, "return self"]
    if returned == "Training":
        return [f"return Training(self._portal, {waited})"]
    if returned == "list[Training]":
        return [f"return [Training(self._portal, one) for one in {waited}]"]
    return [f"return {waited}"]


def _synchronous(annotation: str) -> str:
    text = re.sub(r"\bAsyncTraining\b", "Training", annotation)
    return re.sub(r"\bAsyncGenerator\[(.*), None\]", r"Generator[\1, None, None]", text)


def _docstring(method: ast.AsyncFunctionDef | ast.FunctionDef) -> str:
    """As it stands in the source, with its indentation."""
    return ast.get_docstring(method, clean=False) or ""


def _passed_on(parameters: ast.arguments) -> str:
    """The parameters of a method as the arguments of a call."""
    passed = [one.arg for one in parameters.args if one.arg != "self"]
    passed += [f"{one.arg}={one.arg}" for one in parameters.kwonlyargs]
    if parameters.kwarg is not None:
        passed.append(f"**{parameters.kwarg.arg}")
    return ", ".join(passed)


if __name__ == "__main__":
    main()
