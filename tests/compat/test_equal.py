"""The same packages, the same requests: our host answers what DEEPaaS 2.6.0 answers.

What may differ stands in `differences.py` and `documents.py`, with names and reasons. What
DEEPaaS answers is kept in `recorded/`; `make soak` asks DEEPaaS itself.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path
from urllib.parse import quote

import pytest
from support.waiting import wait_until

from . import documents
from .cases import CASES
from .cases.case import Case
from .cases.options import WITH_OPTIONS, OptionCases
from .differences import unexplained
from .hosts import serving, started
from .installed import declared
from .pairs import PROGRAMS, Pair, Program, serving_both
from .wire import Answer, receive, send

# Whichever comes first waits for all models of both.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("deepaas2")]


def ask(pair: Pair, case: Case) -> tuple[Answer, Answer]:
    theirs, ours = (
        host.ask(case.method, case.target, headers=case.headers, body=case.body) for host in pair
    )
    return theirs, ours


def both_documents(pair: Pair, target: str) -> tuple[documents.Document, documents.Document]:
    theirs, ours = (host.ask("GET", target).json() for host in pair)
    return theirs, ours


def test_all_models(all_models: Pair, subtests: pytest.Subtests) -> None:
    check_answers(all_models, CASES, subtests)
    compared = both_documents(all_models, "/swagger.json")
    check_documents(*compared, subtests)
    assert documents.stale_differences(*compared) == []


def check_answers(pair: Pair, cases: list[Case], subtests: pytest.Subtests) -> None:
    for case in cases:
        with subtests.test(case.name):
            theirs, ours = ask(pair, case)
            assert theirs.status == case.status, "the case does not do what it says"
            if found := unexplained(theirs, ours, case.differs):
                pytest.fail(report(case, found), pytrace=False)


def report(case: Case, found: dict[str, object]) -> str:
    lines = [f"{case.method} {case.target}", f"headers {dict(case.headers)}, body {case.body}"]
    return "\n".join([*lines, *(f"{aspect}: {value}" for aspect, value in found.items())])


def check_documents(
    theirs: documents.Document, ours: documents.Document, subtests: pytest.Subtests
) -> None:
    for name, found in documents.unexplained(theirs, ours).items():
        with subtests.test(f"Swagger: {name}"):
            assert found == []
    with subtests.test("Swagger: no other models or methods"):
        added = documents.operations(ours).keys() - documents.operations(theirs).keys()
        # A training can be watched, at addresses below its own; a call can be looked for.
        known = ("/train/{uuid}/", "/queue")
        assert not [n for n in added if "/models/" in n and not any(each in n for each in known)]


@pytest.mark.parametrize("options", WITH_OPTIONS, ids=lambda options: options.name)
def test_options(options: OptionCases, tmp_path: Path, subtests: pytest.Subtests) -> None:
    if options.config_file:
        (tmp_path / "deepaas.conf").write_text(options.config_file)
    with serving_both(
        re.sub(r"\W+", "-", options.name),
        {name: f"compat_models.{name}" for name in ("old_style", "new_style")},
        tmp_path,
        *[option.format(folder=tmp_path) for option in options.options],
        base_path=options.base_path,
        environment=options.environment,
    ) as pair:
        check_answers(pair, options.cases, subtests)
        compared = both_documents(pair, f"{options.base_path}/swagger.json")
        check_documents(*compared, subtests)


@pytest.mark.parametrize("program", PROGRAMS)
def test_unknown_model_ends_with_1(program: Program, tmp_path: Path) -> None:
    with started(program(), {}, tmp_path / "host", "--model-name", "unknown") as host:
        assert host.process.wait(timeout=20) == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_sigterm_lets_a_predict_finish(program: Program, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    models = {"slow": declared("hostile_models")["slow"]}
    with serving(program(), models, tmp_path / "host") as host:
        target = f"/v2/models/slow/predict/?seconds=1&begun={quote(str(begun))}"
        client = send(host.port, [f"POST {target} HTTP/1.1", "Content-Length: 0"])
        wait_until(begun.exists, "the call's begin", 5)
        host.process.send_signal(signal.SIGTERM)
        assert receive(client).status == 200
        assert host.process.wait(timeout=20) == 0
