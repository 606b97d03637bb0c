"""The same predictors, the same requests: our host answers what Cog 0.23.1 answers.

What may differ stands in `differences.py`, with names and reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from . import documents
from .cases import GROUPS
from .cases.case import Case
from .differences import unexplained
from .doors import V2, Command, answered, page
from .forks import forking
from .questions import Question, questions
from .receiver import receiving
from .seen import Seen
from .servers import Server, known, serving

SETTINGS: Mapping[str, Mapping[str, str]] = {"Meets": {"COG_MAX_CONCURRENCY": "3"}}


@pytest.mark.parametrize("group", list(GROUPS))
def test_same_answers(group: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    with (
        receiving() as receiver,
        serving(group, tmp_path, SETTINGS) as pairs,
        ThreadPoolExecutor(2) as both,
    ):
        seen: list[tuple[Case, Seen]] = []
        asked = {case.predictor for case in GROUPS[group]}
        assert asked == pairs.keys(), "a predictor is not asked"
        for case in GROUPS[group]:
            with subtests.test(f"{case.predictor}: {case.name}"):
                servers = pairs[case.predictor]
                for server in servers:
                    server.wait_until_free()
                theirs, ours = both.map(lambda server: case.look(server, receiver), servers)  # noqa: B023
                seen.append((case, ours))
                if found := unexplained(theirs, ours, case.differs):
                    lines = [f"{aspect}: {values}" for aspect, values in found.items()]
                    pytest.fail("\n".join(lines), pytrace=False)
        our_servers = {name: ours for name, (_, ours) in pairs.items()}
        check_doors(group, questions(group, seen), our_servers, tmp_path, subtests)
        for name, server in our_servers.items():
            if server.health()["status"] == "SETUP_FAILED":
                continue
            with subtests.test(f"{name}: document"):
                document = server.ask("GET", "/openapi.json").json()
                told = known()[f"{group}:{name}"]["schemas"]
                assert documents.unexplained(told, document["components"]["schemas"]) == []


def check_doors(
    group: str,
    asked: list[Question],
    servers: dict[str, Server],
    folder: Path,
    subtests: pytest.Subtests,
) -> None:
    """Every predictor has the same to say through every door."""
    assert {question.predictor for question in asked} == servers.keys(), "one is not asked"
    with (
        forking(folder) as forks,
        page(servers, folder / "page") as web_page,
        ThreadPoolExecutor(1) as beside,
    ):
        # The command has a process of its own; the others share each predictor.
        command = Command(group, forks, folder / "command")
        commands = [beside.submit(answered, command, question) for question in asked]
        for door in (V2(servers, folder / "v2"), web_page):
            for question in asked:
                with subtests.test(f"{type(door).__name__}: {question.name}"):
                    answered(door, question)()
        for question, done in zip(asked, commands, strict=True):
            with subtests.test(f"Command: {question.name}"):
                done.result()()
