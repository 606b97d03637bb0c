"""The same packages, the same requests: our host answers what DEEPaaS 2.6.0 answers.

What may differ stands in `differences.py` and `documents.py`, with names and reasons.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from support.waiting import wait_until

from . import documents
from .cases import CASES
from .cases.case import Case
from .cases.options import WITH_OPTIONS, OptionCases
from .differences import unexplained
from .hosts import Host, serving, serving_both, started
from .installed import declared
from .wire import Answer, receive, send


@dataclass(frozen=True)
class Pair:
    theirs: Host
    ours: Host

    def ask(self, case: Case) -> tuple[Answer, Answer]:
        request = {"headers": case.headers, "body": case.body}
        return (
            self.theirs.ask(case.method, case.target, **request),
            self.ours.ask(case.method, case.target, **request),
        )

    def documents(self, target: str) -> tuple[documents.Document, documents.Document]:
        return self.theirs.get(target).json(), self.ours.get(target).json()


def test_all_models(theirs: Path, ours: Path, tmp_path: Path, subtests: pytest.Subtests) -> None:
    # One test, so that no two processes of pytest start so many models.
    with serving_both(theirs, ours, declared("compat_models"), tmp_path) as hosts:
        pair = Pair(*hosts)
        check_answers(pair, CASES, subtests)
        check_documents(pair, "/swagger.json", subtests)
        assert documents.stale_differences(*pair.documents("/swagger.json")) == []


def check_answers(pair: Pair, cases: list[Case], subtests: pytest.Subtests) -> None:
    for case in cases:
        with subtests.test(case.name):
            theirs, ours = pair.ask(case)
            assert theirs.status == case.status, "the case does not do what it says"
            if found := unexplained(theirs, ours, case.differs):
                pytest.fail(report(case, found), pytrace=False)


def report(case: Case, found: dict[str, object]) -> str:
    lines = [f"{case.method} {case.target}", f"headers {dict(case.headers)}, body {case.body}"]
    return "\n".join([*lines, *(f"{aspect}: {value}" for aspect, value in found.items())])


def check_documents(pair: Pair, target: str, subtests: pytest.Subtests) -> None:
    theirs, ours = pair.documents(target)
    for name, found in documents.unexplained(theirs, ours).items():
        with subtests.test(f"Swagger: {name}"):
            assert found == []
    with subtests.test("Swagger: no other models or methods"):
        added = documents.operations(ours).keys() - documents.operations(theirs).keys()
        # A training can be watched, at addresses below its own; a call can be looked for.
        known = ("/train/{uuid}/", "/queue")
        assert not [n for n in added if "/models/" in n and not any(each in n for each in known)]


@pytest.mark.parametrize("options", WITH_OPTIONS, ids=lambda options: options.name)
def test_options(
    options: OptionCases, theirs: Path, ours: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    if options.config_file:
        (tmp_path / "deepaas.conf").write_text(options.config_file)
    with serving_both(
        theirs,
        ours,
        {name: f"compat_models.{name}" for name in ("old_style", "new_style")},
        tmp_path,
        *[option.format(folder=tmp_path) for option in options.options],
        base_path=options.base_path,
        environment=options.environment,
    ) as hosts:
        pair = Pair(*hosts)
        check_answers(pair, options.cases, subtests)
        check_documents(pair, f"{options.base_path}/swagger.json", subtests)


def test_unknown_model_ends_with_1(theirs: Path, ours: Path, tmp_path: Path) -> None:
    for program, name in ((theirs, "theirs"), (ours, "ours")):
        with started(program, {}, tmp_path / name, "--model-name", "unknown") as host:
            assert host.process.wait(timeout=20) == 1


@pytest.mark.parametrize("program", ["theirs", "ours"])
def test_sigterm_lets_a_predict_finish(
    program: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    models = {"slow": declared("hostile_models")["slow"]}
    with serving(request.getfixturevalue(program), models, tmp_path / "host") as host:
        target = f"/v2/models/slow/predict/?seconds=1&begun={quote(str(begun))}"
        client = send(host.port, [f"POST {target} HTTP/1.1", "Content-Length: 0"])
        wait_until(begun.exists, "the call's begin", 5)
        host.process.send_signal(signal.SIGTERM)
        assert receive(client).status == 200
        assert host.process.wait(timeout=20) == 0
