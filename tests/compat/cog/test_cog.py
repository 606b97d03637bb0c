"""The same predictors, the same requests: our host answers what Cog 0.23.1 answers.

What may differ stands in `differences.py`, with names and reasons.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from . import documents
from .cases import GROUPS
from .differences import unexplained
from .receiver import receiving
from .servers import Server, known, serving

SETTINGS: Mapping[str, Mapping[str, str]] = {"Meets": {"COG_MAX_CONCURRENCY": "3"}}


@pytest.mark.parametrize("group", list(GROUPS))
def test_same_answers(group: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    with (
        receiving() as receiver,
        serving(group, tmp_path, SETTINGS) as pairs,
        ThreadPoolExecutor(2) as both,
    ):
        succeeded: dict[str, tuple[dict[str, Any], Any]] = {}
        asked = {case.predictor for case in GROUPS[group]}
        assert asked == pairs.keys(), "a predictor is not asked"
        for case in GROUPS[group]:
            with subtests.test(f"{case.predictor}: {case.name}"):
                servers = pairs[case.predictor]
                for server in servers:
                    server.wait_until_free()
                theirs, ours = both.map(lambda server: case.look(server, receiver), servers)  # noqa: B023
                if case.given is not None and ours.get("body.status") == "succeeded":
                    succeeded.setdefault(case.predictor, (case.given, ours["body.output"]))
                if found := unexplained(theirs, ours, case.differs):
                    lines = [f"{aspect}: {values}" for aspect, values in found.items()]
                    pytest.fail("\n".join(lines), pytrace=False)
        check_v2(pairs, succeeded, subtests)
        for name, (_, ours) in pairs.items():
            if ours.health()["status"] == "SETUP_FAILED":
                continue
            with subtests.test(f"{name}: document"):
                document = ours.ask("GET", "/openapi.json").json()
                told = known()[f"{group}:{name}"]["schemas"]
                assert documents.unexplained(told, document["components"]["schemas"]) == []


def check_v2(
    pairs: Mapping[str, tuple[Server, Server]],
    succeeded: Mapping[str, tuple[dict[str, Any], Any]],
    subtests: pytest.Subtests,
) -> None:
    """What succeeded by Cog's API has the same result by the V2 API."""
    for name, (given, output) in succeeded.items():
        texts = [value for value in given.values() if str(value).startswith(("data:", "['data:"))]
        with subtests.test(f"{name}: V2 API"):
            if texts:  # Files come as such there; tests/cog_runtime sends some.
                continue
            answer = pairs[name][1].host.predict(name, given)
            assert answer.status == 200, answer.content
            if answer.media_type == "application/json" and not str(output).startswith("data:"):
                told = answer.json()
                assert output in (told, told.get("predictions"))
            else:
                assert output.endswith(base64.b64encode(answer.content).decode())
