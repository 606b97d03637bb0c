"""Every code block of the site does what its page says.

Blocks for a shell and for Python are pasted in their order, as a reader would do it
(`session.py`); a block of `text` or `json` directly below one has to be printed by it. All others
are read by what would read them (`fragments.py`), or become a file where the page says
"save this as `name`:".
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.postgres import postgres_database

from .fragments import CHECKS
from .page import ROOT, SHELL, SHOWN, Block, blocks_of, pages
from .session import Failed, Session, is_in

RUN_ELSEWHERE = {
    "docs/trainings.md": "tests/docs/test_trainings.py, which plays three readers",
    "docs/try-me.md": "tests/docs/test_try_me.py",
}
"""Pages whose shell and Python blocks have a test of their own."""

NO_DOCKER = "no Docker engine runs here; tests/unit/test_container.py reads the files"
ELSEWHERE = "needs a model that excludes another; tests/failures/test_interpreters.py serves some"
NOT_RUN = {
    ("docs/how-to/containers.md", "docker "): NO_DOCKER,
    ("docs/how-to/containers.md", 'echo "POSTGRES_PASSWORD='): NO_DOCKER,
    ("docs/index.md", "make run"): "the test serves what it would serve, from this environment",
    ("docs/performance.md", "make bench"): "runs for minutes, and on a quiet machine only",
    ("docs/how-to/interpreters.md", "python3 -m venv"): ELSEWHERE,
    ("docs/how-to/interpreters.md", "deepaas-run"): ELSEWHERE,
    ("docs/how-to/containers.md", "docker"): "needs an engine; the page says what was tried",
    ("docs/how-to/containers.md", "echo"): "needs an engine; the page says what was tried",
}
"""What cannot be run here: page and the beginning of the block, and why not. Bash reads it."""

NO_COMMANDS = {"", "imports", "text"}
"""Languages of blocks that nothing can be done with: diagrams, and what is said elsewhere."""

DATABASE = "postgresql+asyncpg://deepaas:secret@db.example.org/deepaas"
"""Stands for a real database on the pages."""

COMMANDS = re.compile(r"^(?:\$ )?(?:make|curl|pip|deepaas-\w+|docker|python|\.venv/bin)\b")
PAGES = [page for page in pages() if blocks_of((ROOT / page).read_text(encoding="utf-8"))]
RUN = [page for page in PAGES if page not in RUN_ELSEWHERE]
LONG = {"docs/start-here.md", "docs/how-to/command-line.md", "docs/how-to/python-client.md"}
"""They install packages, or train."""


def blocks(page: str) -> list[Block]:
    """The blocks of a page, without directives of Sphinx."""
    found = blocks_of((ROOT / page).read_text(encoding="utf-8"))
    return [block for block in found if not block.language.startswith("{")]


def is_run(block: Block) -> bool:
    return block.language in SHELL | {"console", "python"} and not block.file


def reason_not_to_run(page: str, block: Block) -> str | None:
    return next(
        (why for (on, code), why in NOT_RUN.items() if on == page and block.body.startswith(code)),
        None,
    )


def needs_host(found: list[Block]) -> bool:
    """Whether a page asks a host that it does not start: the one of `make run`, then."""
    code = "\n".join(block.body for block in found if is_run(block))
    asks = re.search(r"127\.0\.0\.1:5000|Client\(\)", code)
    return bool(asks) and not re.search(r"^(?:\$ )?(?:\w+=\S+ )*deepaas-run\b", code, re.MULTILINE)


@pytest.fixture
def session(page: str, tmp_path: Path) -> Iterator[Session]:
    with ExitStack() as stack:
        instead = {}
        if DATABASE in (ROOT / page).read_text(encoding="utf-8"):
            instead[DATABASE] = stack.enter_context(postgres_database())
        session = Session(tmp_path, instead)
        stack.callback(session.close)
        if needs_host(blocks(page)):
            session.shell("deepaas-run --model-name demo_app")
        yield session


def pages_to_run() -> Iterator[Any]:
    """The pages with blocks that are run; those that take long, with CI only."""
    for page in RUN:
        if any(map(is_run, blocks(page))):
            yield pytest.param(page, marks=[pytest.mark.minutes] if page in LONG else [])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", pages_to_run())
def test_blocks_are_pasted(page: str, session: Session) -> None:
    said: str | None = None
    for block in blocks(page):
        where = f"{page}:{block.line}"
        if reason_not_to_run(page, block):
            said = None
        elif block.language in SHOWN and block.follows:
            if said is not None:
                assert is_in(block.body, said), f"{where} shows\n{block.body}\n--- not in\n{said}"
        elif block.file:
            session.save(block)
        elif is_run(block):
            try:
                said = paste(session, block)
            except Failed as failed:
                pytest.fail(f"{where}:\n{failed}", pytrace=False)


def paste(session: Session, block: Block) -> str:
    if block.language == "python":
        return session.python(block.body)
    if block.language in SHELL:
        return session.shell(block.body)
    seen = session.console(block.body)
    for command, shown, said in seen:
        if not is_in(shown, said):
            raise Failed(f"{command}\n--- shows\n{shown}\n--- not in\n{said}")
    return "".join(said for _, _, said in seen)


def others() -> list[Any]:
    return [
        pytest.param(block, id=f"{page}:{block.line}")
        for page in PAGES
        for block in blocks(page)
        if block.language in CHECKS and not is_run(block)
    ]


@pytest.mark.parametrize("block", others())
def test_blocks_are_read(block: Block, tmp_path: Path) -> None:
    CHECKS[block.language](block.body, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_of_a_known_kind(page: str) -> None:
    for block in blocks(page):
        where = f"{page}:{block.line}"
        known = is_run(block) or block.language in CHECKS or block.language in NO_COMMANDS
        assert known, f"{where}: nobody reads {block.language!r}"
        if block.language == "":
            assert not COMMANDS.match(block.body), f"{where}: commands without a language"


@pytest.mark.parametrize("page,beginning", NOT_RUN)
def test_what_is_not_run_is_shell_at_least(page: str, beginning: str) -> None:
    found = [block for block in blocks(page) if block.body.startswith(beginning)]
    assert found
    for block in found:
        subprocess.run(["bash", "-n", "-c", block.body], check=True)


@pytest.mark.parametrize("page,test", RUN_ELSEWHERE.items())
def test_what_is_run_elsewhere_is_there(page: str, test: str) -> None:
    assert page in PAGES
    assert (ROOT / test.partition(",")[0]).is_file()
