"""docs/trainings.md: what it tells people to paste works, and its tables are true."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shlex
from pathlib import Path

import pytest
from support.postgres import postgres_database

from deepaas.messages import INLINE_BYTES
from deepaas.model.v2 import run as helpers
from deepaas.protocols.v2.trainings import MAX_LIMIT_COUNT
from deepaas.training import lease, log, metrics, service
from deepaas.training.disk import RESERVE_BYTES
from deepaas.training.runs import RunOutcome, State, TrainingRun
from deepaas.training.state_directory import StateDirectory
from deepaas.training.store import Store
from deepaas.web.files import MAX_ENTRIES_COUNT

from .pasted import ROOT, Reader, blocks

DOCUMENT = "docs/trainings.md"
TEXT = (ROOT / DOCUMENT).read_text(encoding="utf-8")
FAILURES = ROOT / "tests/failures"
OVER_HTTP, WRITE, CANCEL = (
    "Train over HTTP",
    "Write a train function",
    "How a run is cancelled",
)
MOVE = "From SQLite to PostgreSQL"

LOG_MIB = log.SEGMENT_BYTES * log.SEGMENTS_COUNT >> 20
LIMITS = {
    "log of a run": f"{LOG_MIB} MiB",
    "line in a stream": f"{log.PIECE_BYTES >> 10} KiB",
    "arguments or result in the database": f"{INLINE_BYTES >> 10} KiB",
    "points per metric": f"{metrics.MAX_POINTS:,}",
    "metrics per run": f"{metrics.MAX_METRICS:,}",
    "files in a list": f"{MAX_ENTRIES_COUNT:,}",
    "runs per page": f"{MAX_LIMIT_COUNT:,}",
    "wait for the end at `DELETE`": f"{service.MAX_CANCEL_SECONDS:g} s",
}


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    table = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)[0]
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def shown(heading: str) -> list[str]:
    """What the page says is printed under a heading."""
    return [*blocks(DOCUMENT, "json", heading), *blocks(DOCUMENT, "text", heading)]


def assert_shown(pieces: list[str], said: str) -> None:
    """Each piece stands in what was said: numbers may be others, and `…` stands for anything."""
    for piece in pieces:
        parts = []
        for part in piece.strip().split("…"):
            words = re.split(r"(?<![a-z_])[\d.:-]*\d", part)
            parts.append(r"[\d.:-]+".join(map(re.escape, words)))
        assert re.search(".*?".join(parts), said), f"{piece}\n--- is not in\n{said}"


@pytest.mark.slow
@pytest.mark.xdist_group("demo_host")
def test_training_over_http(tmp_path: Path, demo_host: int) -> None:
    commands = blocks(DOCUMENT, "sh", OVER_HTTP)
    reader = Reader(tmp_path)
    reader.port = demo_host
    said = reader.paste(
        f"ln -s {shlex.quote(str(ROOT / 'docs'))} docs",
        "curl --retry 9 --retry-connrefused -sS http://127.0.0.1:5000/healthz",
        *commands,
    )
    assert_shown(shown(OVER_HTTP), said)
    assert (tmp_path / "mine.pt").stat().st_size > 10_000
    assert (tmp_path / "run.zip").read_bytes().startswith(b"PK")
    listed = said[said.rindex('[{"uuid"') :]
    assert re.findall(r'"status":"(\w+)"', listed) == ["cancelled", "done"]


@pytest.mark.slow
def test_the_train_function(tmp_path: Path) -> None:
    said = Reader(tmp_path).paste(*blocks(DOCUMENT, "sh", WRITE), *blocks(DOCUMENT, "sh", CANCEL))
    assert_shown([*shown(WRITE), *shown(CANCEL)], said)
    assert "event: progress" in said
    assert "event: metric" in said
    assert "data: step 500: loss 0.0000" in said


@pytest.mark.slow
def test_from_sqlite_to_postgresql(tmp_path: Path) -> None:
    """Runs of all states move in their order, with what waits, and their files are found."""
    reader = Reader(tmp_path)
    state = tmp_path / ".local/state/deepaas"
    (script,) = blocks(DOCUMENT, "python", MOVE)
    (tmp_path / "copy_trainings.py").write_text(script)
    (commands,) = blocks(DOCUMENT, "sh", MOVE)
    example = re.findall(r"'(postgresql\S+)'", commands)[0]
    old = f"sqlite+aiosqlite:///{state / 'trainings.sqlite'}"
    known = asyncio.run(_fill(old, StateDirectory(state)))
    with postgres_database() as url:
        commands = commands.replace(example, url)
        said = reader.paste(
            ". .venv/bin/activate",
            commands,
            f"curl -sS http://127.0.0.1:5000/v2/models/demo_app/train/{known[0].uuid}/files/a.txt",
        )
        assert said.startswith(f"{len(known)} trainings copied\n")
        assert said.endswith("content")
        assert f'"uuid":"{known[0].uuid}"' in said
        moved = asyncio.run(_all(url))
        # Those that wait for a model which is not served here wait on.
        assert moved == known
        again = commands.partition("deepaas-run")[0]
        with pytest.raises(AssertionError, match="nothing is copied"):
            reader.paste(". .venv/bin/activate", again)


async def _fill(url: str, place: StateDirectory) -> list[TrainingRun]:
    store = await Store.open(url)
    # Not served by the host of the page: what waits does not start under the test's hands.
    models = ["demo_app", "other", "other", "other"]
    states = [State.DONE, State.CANCELLED, State.QUEUED, State.QUEUED]
    for number, (model, state) in enumerate(zip(models, states, strict=True)):
        run = TrainingRun(
            f"{9 - number:032x}", model, place.id, State.QUEUED, 1e9 + number, b'{"a":1}'
        )
        with place.new_folder(run.uuid) as folder:
            (folder.files / "a.txt").write_text("content")
        await store.add(run)
        if state is State.DONE:
            await store.claim("host", place.id, [model], 1e9 + 10)
            outcome = RunOutcome(state, 1e9 + 11, "", b'{"x":[1]}', has_result=True)
            assert await store.finish(run.uuid, "host", outcome)
        elif state is State.CANCELLED:
            await store.request_cancel(model, run.uuid, 1e9 + 10)
    await store.close()
    return await _all(url)


async def _all(url: str) -> list[TrainingRun]:
    store = await Store.open(url)
    runs = [run for model in ("demo_app", "other") for run in await store.list(model)]
    await store.close()
    return runs


def test_states_are_those_of_runs() -> None:
    assert [row[0].strip("`") for row in rows("States")] == [state.value for state in State]


def test_helpers_are_those_of_the_module() -> None:
    told = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", TEXT, re.MULTILINE))
    public = {
        name: ", ".join(inspect.signature(function).parameters)
        for name, function in inspect.getmembers(helpers, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == helpers.__name__
    }
    assert told == public


def test_limits_are_those_of_the_code() -> None:
    assert {row[0]: row[1] for row in rows("Limits")} == LIMITS
    assert f"{log.SEGMENT_BYTES >> 20} MiB are dropped" in TEXT
    kept_mib = log.SEGMENT_BYTES * (log.SEGMENTS_COUNT - 1) >> 20
    assert f"the last {kept_mib} to {LOG_MIB} MiB" in TEXT
    assert f"{RESERVE_BYTES >> 20} MiB reserved" in TEXT
    assert TEXT.count(f"after {lease.LEASE_SECONDS:g} s") == 2


def test_files_of_the_state_directory_are_named(tmp_path: Path) -> None:
    named = {
        name for row in rows("Where data is stored") for name in re.findall(r"`([^`]+)`", row[0])
    }
    place = StateDirectory(tmp_path)
    folder = place.folder("UUID")
    in_folder = [folder.files, folder.log, folder.inputs, folder.control, folder.outcome]
    expected = [place.database, place.reserve, place.tensorboard, *in_folder, folder.args]
    expected += [path for path in tmp_path.iterdir() if path.name != "runs"]
    paths = {name.strip("/") for name in named}
    assert {str(path.relative_to(tmp_path)) for path in expected} <= paths
    assert folder.result.name in paths


def test_what_survives_what_is_tested() -> None:
    for row in rows("What survives what"):
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row[-1])
        assert named, row[0]
        for file, function in named:
            tree = ast.parse((FAILURES / file).read_text(encoding="utf-8"))
            functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
            assert function in functions, f"{row[0]}: {file} has no {function}"


def test_every_state_that_ends_badly_has_a_line() -> None:
    text = " ".join(" ".join(row) for row in rows("What survives what"))
    assert all(f"`{state}`" in text for state in ("error", "cancelled", "interrupted"))
