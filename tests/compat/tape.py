"""What DEEPaaS 2.6.0 has answered, kept in `recorded/`: `make test` compares with that.

`make soak` asks DEEPaaS itself, and fails where it does not answer what is kept. When a case or a
model has changed, it is asked again:

    COMPAT_RECORD=1 CI=true pytest tests/compat/test_equal.py tests/compat/test_trainings.py

An answer is found by all that was asked; asked twice, there are two, which come in their order.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from .differences import COMPARED
from .hosts import Host
from .installed import PACKAGES
from .wire import Answer, Body

FOLDER = Path(__file__).with_name("recorded")
RECORDING = os.environ.get("COMPAT_RECORD", "") == "1"
LIVE = RECORDING or os.environ.get("DEEPAAS_SOAK", "") == "1"
"""Whether DEEPaaS 2.6.0 itself is asked."""

AGAIN = "ask DEEPaaS 2.6.0 again, see tests/compat/tape.py"
FORMS = [
    (rb'"[0-9a-f]{32}"', b'"UUID"'),
    (rb'"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"', b'"DATE"'),
    (rb'"duration":\s*"(\d+ days?, )?\d+:\d\d:\d\d(\.\d{6})?"', b'"duration":"DURATION"'),
]
READABLE_BYTES = 90_000
"""What is longer is kept packed."""

UUID = re.compile(r"(?<=/train/)[0-9a-f]{32}$")


def masked(answer: Answer) -> Answer:
    """The answer with the forms of what is never twice the same."""
    content = answer.content
    for form, name in FORMS:
        content = re.sub(form, name, content)
    return replace(answer, content=content)


class Tape:
    """What is kept of one host.

    Args:
        name: of its file.
        host: the host itself, where it is asked.
    """

    def __init__(self, name: str, host: Host | None) -> None:
        self.host = host
        self._path = FOLDER / f"{name}.json"
        self._kept: dict[str, Any] = {"source": _source(), "answers": {}}
        if not RECORDING:
            self._kept = json.loads(self._path.read_bytes())
            assert self._kept["source"] == _source(), f"the models have changed; {AGAIN}"
        self._heard: dict[str, int] = {}

    def ask(self, method: str, target: str, **request: Any) -> Answer:
        """What DEEPaaS 2.6.0 answers, or has answered."""
        name = _name(method, target, **request)
        number = self._heard.get(name, 0)
        self._heard[name] = number + 1
        answers = self._kept["answers"].setdefault(name, [])
        live = self.host.ask(method, target, **request) if self.host is not None else None
        if RECORDING:
            assert live is not None
            answers.append(_to_json(live))
        assert number < len(answers), f"no answer is kept to {name}; {AGAIN}"
        kept = _of_json(answers[number])
        if live is None:
            return kept
        assert _steady(live) == _steady(kept), "DEEPaaS 2.6.0 does not answer what is kept"
        return live

    def write(self) -> None:
        FOLDER.mkdir(exist_ok=True)
        self._path.write_text(json.dumps(self._kept, indent=1) + "\n")


def _name(
    method: str, target: str, *, headers: Any = (), body: Body | None = None, **_: object
) -> str:
    name = f"{method} {UUID.sub('UUID', target)}"
    if headers or body:
        asked = f"{[*headers]} {body}".encode()
        name += " " + hashlib.sha256(asked).hexdigest()[:16]
    return name if len(name) < 200 else hashlib.sha256(name.encode()).hexdigest()


def _source() -> str:
    """What the answers depend on beside the requests."""
    found = hashlib.sha256()
    for package in ("compat_models", "training_models"):
        for path in sorted((PACKAGES / package).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _to_json(answer: Answer) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in COMPARED if name in answer.headers}
    content = masked(answer).content
    body = {"zlib": base64.b64encode(zlib.compress(content, 9)).decode()}
    if len(content) < READABLE_BYTES:
        with suppress(UnicodeDecodeError):
            body = {"text": content.decode()}
    return {"status": answer.status, "headers": headers, **body}


def _of_json(kept: dict[str, Any]) -> Answer:
    if "text" in kept:
        content = kept["text"].encode()
    else:
        content = zlib.decompress(base64.b64decode(kept["zlib"]))
    return Answer(kept["status"], kept["headers"], content)


TEMPORARY = re.compile(rb"tmp[a-z0-9_]{8}")
ADDRESS = re.compile(rb"0x[0-9a-f]+")


def _steady(answer: Answer) -> tuple[Any, ...]:
    """An answer without what DEEPaaS says otherwise each time: temporary files, addresses.

    Nor in which order it lists what is a set, and how it numbers definitions.
    """
    headers = {name: answer.headers[name] for name in COMPARED if name in answer.headers}
    named = TEMPORARY.sub(b"tmp", repr(sorted(headers.items())).encode())
    return (
        answer.status,
        named,
        sorted(ADDRESS.sub(b"0x", TEMPORARY.sub(b"tmp", masked(answer).content))),
    )
