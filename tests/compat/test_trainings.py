"""Trainings: begun, seen and deleted side by side; our host answers what DEEPaaS 2.6.0 answers.

What differs from training to training (uuid, dates, duration) is compared by its form. What
DEEPaaS answers is kept in `recorded/`; `make soak` asks DEEPaaS itself.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.host import free_port
from support.waiting import wait_until

from . import differences as differ
from .cases.case import Case
from .cases.trainings import BREAKS_THE_LIST, UNKNOWN, WITH_ARGUMENTS, WITH_ENDS, TrainCase
from .differences import Difference, unexplained
from .hosts import serving, wait_until_ended
from .installed import declared
from .pairs import PROGRAMS, Pair, Program
from .peer import our_program
from .tape import masked
from .wire import Answer, ask

# Whichever comes first waits for all models of both.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("deepaas2")]

END_SECONDS = 30


def told(answer: Answer) -> dict[str, Any]:
    """A training, also one of DEEPaaS's with NaN in it."""
    training: dict[str, Any] = json.loads(answer.content)
    return training


class Trainings:
    """The same training in both hosts."""

    def __init__(self, pair: Pair) -> None:
        self.theirs, self.ours = pair
        # What is kept of DEEPaaS was asked when it was time.
        self.hosts = [host for host in (self.ours, self.theirs.host) if host is not None]
        self.targets = ("", "")

    def check(
        self, targets: tuple[str, str], status: int, differs: tuple[Difference, ...], **request: Any
    ) -> tuple[Answer, Answer]:
        """Asks both, and fails where the answers differ otherwise than meant."""
        method = request.pop("method", "GET")
        theirs = self.theirs.ask(method, targets[0], **request)
        ours = self.ours.ask(method, targets[1], **request)
        assert theirs.status == status, f"the case does not do what it says: {theirs}"
        if found := unexplained(masked(theirs), masked(ours), differs):
            lines = [f"{method} {targets}", *(f"{name}: {value}" for name, value in found.items())]
            pytest.fail("\n".join(lines), pytrace=False)
        return theirs, ours

    def begin(self, case: Case) -> bool:
        """Begins a training; False when there is none to be seen."""
        answers = self.check(
            (case.target, case.target),
            case.status,
            case.differs,
            method=case.method,
            headers=case.headers,
            body=case.body,
        )
        begun = [answer.status == 200 for answer in answers]
        folder = case.target.partition("?")[0]
        if begun == [False, True]:
            wait_until_ended(self.ours, folder + told(answers[1])["uuid"])
        if not all(begun):
            return False
        self.targets = (folder + told(answers[0])["uuid"], folder + told(answers[1])["uuid"])
        return True

    def wait_until_ended(self) -> None:
        for host, target in zip(self.hosts, reversed(self.targets), strict=False):
            wait_until_ended(host, target)

    def check_training(
        self, method: str = "GET", status: int = 200, differs: tuple[Difference, ...] = ()
    ) -> None:
        self.check(self.targets, status, differs, method=method)

    def check_list(self, model: str, count: int) -> None:
        target = f"/v2/models/{model}/train/"
        theirs, ours = self.check((target, target), 200, ())
        assert len(theirs.json()) == len(ours.json()) == count

    def touch(self, name: str) -> None:
        for host in self.hosts:
            (host.folder / "work" / name).touch()

    def wait_for(self, name: str) -> None:
        for host in self.hosts:
            wait_until((host.folder / "work" / name).exists, name, END_SECONDS)


def check(pair: Trainings, case: TrainCase, subtests: pytest.Subtests) -> bool:
    """Whether both hosts know of one training more afterwards."""
    begun = False
    with subtests.test(case.begin.name):
        begun = pair.begin(case.begin)
        if begun:
            pair.wait_until_ended()
            pair.check_training(status=case.ended_status, differs=case.ended)
    return begun


@pytest.mark.slow
def test_trainings_with_arguments(all_models: Pair, subtests: pytest.Subtests) -> None:
    pair = Trainings(all_models)
    for case in WITH_ARGUMENTS:
        check(pair, case, subtests)
    for model in ("nothing", "stateful"):
        with subtests.test(f"list: {model}"):
            pair.check_list(model, 0)


@pytest.mark.slow
def test_ends_lists_and_deletions(all_models: Pair, subtests: pytest.Subtests) -> None:
    pair = Trainings(all_models)
    with subtests.test("list of none"):
        pair.check_list("acts", 0)
    for unknown in UNKNOWN:
        with subtests.test(unknown.name):
            pair.check((unknown.target,) * 2, unknown.status, (), method=unknown.method)
    check_running(pair, subtests)
    for case in WITH_ENDS:
        check(pair, case, subtests)
    check_deletions(pair, subtests)
    for case in BREAKS_THE_LIST:
        check(pair, case, subtests)


def check_running(pair: Trainings, subtests: pytest.Subtests) -> None:
    """Two that are `running`, one that waits behind them, and the list of all."""
    with subtests.test("some that run, one that waits"):
        begun = []
        for name in ("first", "second"):
            assert pair.begin(waiting(name))
            begun.append(pair.targets)
            if name == "first":
                pair.wait_for("first.begun")
            pair.check_training()
        assert pair.begin(replace(waiting("last"), differs=(differ.QUEUED,)))
        pair.check_training(differs=(differ.QUEUED,))
        for name in ("last", "second", "first"):
            pair.touch(f"{name}.go")
        for targets in [*begun, pair.targets]:
            pair.targets = targets
            pair.wait_until_ended()
            pair.check_training()
        pair.check_list("acts", 3)


def waiting(text: str) -> Case:
    return Case(text, f"/v2/models/acts/train/?act=wait&text={text}", 200, "POST")


def check_deletions(pair: Trainings, subtests: pytest.Subtests) -> None:
    for name, query, status, differs in [
        ("done", "act=nothing", 200, ()),
        ("failed", "act=fail", 500, (differ.DELETE_ANSWERS,)),
        ("running", "act=wait&text=third", 500, (differ.DELETE_ANSWERS,)),
    ]:
        with subtests.test(f"DELETE: {name}"):
            assert pair.begin(Case(name, f"/v2/models/acts/train/?{query}", 200, "POST"))
            if name == "running":
                pair.wait_for("third.begun")
            else:
                pair.wait_until_ended()
            pair.check_training("DELETE", status, differs)
            pair.check_training("GET", 404, (differ.DELETED_STAYS,))
            pair.check_training("DELETE", 404, (differ.DELETED_STAYS,))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_package_starts_its_own_tensorboard(program: Program, tmp_path: Path) -> None:
    board = {"board": declared("training_models")["board"]}
    with serving(program(), board, tmp_path / "host") as host:
        port = free_port()
        answer = host.train("board", query={"port": str(port)})
        assert answer.status == 200
        target = f"/v2/models/board/train/{answer.json()['uuid']}"

        def shown() -> bool:
            try:
                return ask(port, "GET", "/curve").content == b"a curve"
            except (OSError, http.client.HTTPException):
                return False

        wait_until(shown, "the package's own TensorBoard", END_SECONDS)
        assert host.get(target).json()["status"] == "running"
        (host.folder / "work" / "go").touch()
        assert wait_until_ended(host, target)["status"] == "done"
        if program is our_program:
            assert not shown(), "it lives as long as the training"
