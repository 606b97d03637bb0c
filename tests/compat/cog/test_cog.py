"""The same predictors, the same requests: our host answers what Cog 0.23.1 answers.

What may differ stands in `differences.py`, with names and reasons. What Cog answers is kept in
`recorded/`; `make soak` asks Cog itself as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from . import documents
from .cases import GROUPS
from .cases.case import Case
from .differences import unexplained
from .doors import V2, Command, answered, page
from .forks import Forks, forking
from .questions import Question, one_of_each_shape, questions
from .receiver import Receiver, receiving
from .recorded import LIVE, RECORDING, Records, fingerprint, name_of
from .seen import Seen
from .servers import Server, known, of_group, ours, theirs

# The first test waits for all predictors.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("cog")]

SETTINGS: Mapping[str, Mapping[str, str]] = {"Meets": {"COG_MAX_CONCURRENCY": "3"}}


@pytest.fixture(scope="module")
def our_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Server]]:
    """Our host with the predictors of all files that are asked for: Cog's API of each."""
    chosen = {item.callspec.params["group"] for item in of_module(request)}
    groups = [group for group in GROUPS if group in chosen]
    with ours(groups, tmp_path_factory.mktemp("cog") / "ours") as servers:
        yield servers


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forking(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


def of_module(request: pytest.FixtureRequest) -> list[pytest.Function]:
    """The tests of this file that run."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    return [item for item in items if item.path == request.path]


def looked(case: Case, server: Server, receiver: Receiver) -> tuple[Seen, str]:
    """What is seen of a case, and what was asked."""
    server.asked.clear()
    return case.look(server, receiver), fingerprint(server)


@pytest.mark.parametrize("group", list(GROUPS))
def test_same_answers(
    group: str,
    our_servers: dict[str, Server],
    forks: Forks,
    tmp_path: Path,
    subtests: pytest.Subtests,
) -> None:
    servers = {name: our_servers[name] for name in of_group(group)}
    assert {case.predictor for case in GROUPS[group]} == servers.keys(), "a predictor is not asked"
    records = Records(group)
    seen: list[tuple[Case, Seen]] = []
    asking: AbstractContextManager[dict[str, Server]] = nullcontext({})
    if LIVE:
        asking = theirs(group, tmp_path, SETTINGS)
    with receiving() as receiver, asking as peers, ThreadPoolExecutor(2) as both:
        for case in GROUPS[group]:
            with subtests.test(name_of(case)):
                asked = [one[case.predictor] for one in (servers, peers) if one]
                for server in asked:
                    server.wait_until_free()
                found = list(both.map(lambda one: looked(case, one, receiver), asked))  # noqa: B023
                (mine, requests), *live = found
                seen.append((case, mine))
                for told, _ in live:
                    check(case, told, mine)
                if RECORDING:
                    records.keep(case, *live[0])
                else:
                    kept = records.seen(case, requests)
                    check(case, kept, mine)
    records.check_all_heard()
    if RECORDING:
        records.write()
    check_doors(group, questions(group, seen), servers, forks, tmp_path, subtests)
    for name, server in servers.items():
        if server.health()["status"] == "SETUP_FAILED":
            continue
        with subtests.test(f"{name}: document"):
            document = server.ask("GET", "/openapi.json").json()
            told_of = known()[f"{group}:{name}"]["schemas"]
            assert documents.unexplained(told_of, document["components"]["schemas"]) == []


def check(case: Case, told: Seen, mine: Seen) -> None:
    """Cog's answer and ours must be the same, but for what is known to differ."""
    if found := unexplained(told, mine, case.differs):
        lines = [f"{aspect}: {values}" for aspect, values in found.items()]
        pytest.fail("\n".join(lines), pytrace=False)


def check_doors(
    group: str,
    asked: list[Question],
    servers: dict[str, Server],
    forks: Forks,
    folder: Path,
    subtests: pytest.Subtests,
) -> None:
    """Every predictor has the same to say through every door.

    On the page each kind of predictor, all of them in `make soak`.
    """
    assert {question.predictor for question in asked} == servers.keys(), "one is not asked"
    with page(servers, folder / "page") as web_page, ThreadPoolExecutor(1) as beside:
        # The command has a process of its own; the others share each predictor.
        command = Command(group, forks, folder / "command")
        commands = [beside.submit(answered, command, question) for question in asked]
        # The page knows only what predictors take and give.
        shown = asked if LIVE else one_of_each_shape(group, asked)
        for door, asked_there in ((V2(servers, folder / "v2"), asked), (web_page, shown)):
            for question in asked_there:
                with subtests.test(f"{type(door).__name__}: {question.name}"):
                    answered(door, question)()
        for question, done in zip(asked, commands, strict=True):
            with subtests.test(f"Command: {question.name}"):
                done.result()()
