"""What Cog 0.23.1 has answered, kept in `recorded/`: `make test` compares with that.

`make soak` asks Cog itself besides, and fails where it does not answer what is kept. When a case, a
predictor or the version of Cog has changed, it is asked again:

    COMPAT_RECORD=1 pytest tests/compat/cog

What is kept names what was asked and of which source; if either has changed, the test says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from benchmarks import cog023

from .cases.case import Case
from .make_schemas import PREDICTORS
from .seen import Seen
from .servers import Server, of_group

FOLDER = Path(__file__).with_name("recorded")
RECORDING = os.environ.get("COMPAT_RECORD", "") == "1"
LIVE = RECORDING or os.environ.get("DEEPAAS_SOAK", "") == "1"
"""Whether Cog itself is asked."""

AGAIN = "ask Cog again: COMPAT_RECORD=1 pytest tests/compat/cog"
OF_THIS_RUN = re.compile(rb"127\.0\.0\.1:\d+(/hooks/\d+)?")


class Records:
    """What is kept of the predictors of one file.

    Args:
        group: name of the file, without `.py`.
    """

    def __init__(self, group: str) -> None:
        self._path = FOLDER / f"{group}.json"
        self._source = _source(group)
        known: dict[str, Any] = {}
        if not RECORDING:
            known = json.loads(self._path.read_bytes())
            assert known["source"] == self._source, f"{group}.py has changed; {AGAIN}"
        self._answers: dict[str, Any] = known.get("answers", {})
        self._heard: list[str] = []

    def check_all_heard(self) -> None:
        """Nothing is kept that nobody asks."""
        assert sorted(self._answers) == sorted(self._heard), f"more is kept; {AGAIN}"

    def keep(self, case: Case, seen: Seen, asked: str) -> None:
        """Keep what Cog has just answered."""
        told = {aspect: _to_json(value) for aspect, value in seen.items()}
        self._answers[self._next(case)] = {"asked": asked, "seen": told}

    def seen(self, case: Case, asked: str) -> Seen:
        """What Cog has answered, if that was asked which is asked now."""
        name = self._next(case)
        assert name in self._answers, f"nothing is kept of {name}; {AGAIN}"
        kept = self._answers[name]
        assert kept["asked"] == asked, f"another request than the one that is kept; {AGAIN}"
        return {aspect: _of_json(value) for aspect, value in kept["seen"].items()}

    def _next(self, case: Case) -> str:
        """What a case is kept by: several may have one name."""
        name, number = name_of(case), 2
        while name in self._heard:
            name, number = f"{name_of(case)} ({number})", number + 1
        self._heard.append(name)
        return name

    def write(self) -> None:
        FOLDER.mkdir(exist_ok=True)
        known = {"source": self._source, "answers": self._answers}
        self._path.write_text(json.dumps(known, indent=1) + "\n")


def name_of(case: Case) -> str:
    return f"{case.predictor}: {case.name}"


def fingerprint(server: Server) -> str:
    """Of all that a server has been asked, however often and in whatever order."""
    requests = {
        (method, path, head, OF_THIS_RUN.sub(b"receiver", content).hex())
        for method, path, head, content in server.asked
    }
    return _digest(json.dumps(sorted(requests)).encode())


def _source(group: str) -> str:
    """What the answers depend on beside the requests."""
    schemas = json.dumps(of_group(group), sort_keys=True).encode()
    version = " ".join(cog023.REQUIREMENTS).encode()
    return _digest((PREDICTORS / f"{group}.py").read_bytes() + schemas + version)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _to_json(value: Any) -> Any:
    """Bodies that are no JSON are texts in our files."""
    return {"$text": value.decode()} if isinstance(value, bytes) else value


def _of_json(value: Any) -> Any:
    is_text = isinstance(value, dict) and value.keys() == {"$text"}
    return value["$text"].encode() if is_text else value
