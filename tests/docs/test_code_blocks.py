"""Every code block of the site does what its page says.

Blocks for a shell and for Python are pasted in their order, as a reader would do it
(`session.py`, `pasting.py`); a block of `text` or `json` directly below one has to be printed by
it. All others are read by what would read them (`fragments.py`), or become a file where the page
says "save this as `name`:".
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.postgres import postgres_database

from .fragments import CHECKS
from .page import ROOT
from .pasting import (
    NOT_RUN,
    PAGES,
    RUN_ELSEWHERE,
    blocks,
    is_run,
    needs_host,
    paste_page,
    reason_not_to_run,
)
from .session import Session

NO_COMMANDS = {"", "imports", "text"}
"""Languages of blocks that nothing can be done with: diagrams, and what is said elsewhere."""

DATABASE = "postgresql+asyncpg://deepaas:secret@db.example.org/deepaas"
"""Stands for a real database on the pages."""

COMMANDS = re.compile(r"^(?:\$ )?(?:make|curl|pip|deepaas-\w+|docker|python|\.venv/bin)\b")
RUN = [
    page
    for page in PAGES
    if page not in RUN_ELSEWHERE
    and any(is_run(block) and not reason_not_to_run(page, block) for block in blocks(page))
]


@pytest.fixture
def session(page: str, tmp_path: Path) -> Iterator[Session]:
    with ExitStack() as stack:
        instead = {}
        if DATABASE in (ROOT / page).read_text(encoding="utf-8"):
            instead[DATABASE] = stack.enter_context(postgres_database())
        session = Session(tmp_path, instead, light=True)
        stack.callback(session.close)
        if needs_host(blocks(page)):
            session.shell("deepaas-run --model-name demo_app")
        yield session


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", RUN)
def test_blocks_are_pasted(page: str, session: Session) -> None:
    paste_page(page, session)


@pytest.mark.parametrize("language", CHECKS)
def test_blocks_are_read(language: str, tmp_path: Path) -> None:
    wrong = []
    found = [(page, b) for page in PAGES for b in blocks(page) if b.language == language]
    for page, block in found:
        if not is_run(block):
            try:
                CHECKS[language](block.body, tmp_path)
            except Exception as error:
                wrong.append(f"{page}:{block.line}: {error!r}")
    assert not wrong, "\n".join(wrong)


def test_blocks_are_of_a_known_kind() -> None:
    for page in PAGES:
        for block in blocks(page):
            where = f"{page}:{block.line}"
            known = is_run(block) or block.language in CHECKS or block.language in NO_COMMANDS
            assert known, f"{where}: nobody reads {block.language!r}"
            if block.language == "":
                assert not COMMANDS.match(block.body), f"{where}: commands without a language"


def test_what_is_not_run_is_shell_at_least() -> None:
    for page, beginning in NOT_RUN:
        found = [block for block in blocks(page) if block.body.startswith(beginning)]
        assert found, f"{page} has no block that begins with {beginning}"
        for block in found:
            said = subprocess.run(
                ["bash", "-n", "-c", block.body], capture_output=True, text=True, check=False
            )
            assert said.returncode == 0, f"{page}:{block.line}: {said.stderr}"


def test_what_is_run_elsewhere_is_there() -> None:
    for page, test in RUN_ELSEWHERE.items():
        assert page in PAGES
        assert (ROOT / test.partition(",")[0]).is_file(), test


def test_what_is_tried_again_goes_to_a_file() -> None:
    """Before it tries again curl shortens what it has written, which `/dev/null` refuses."""
    wrong = [
        f"{page}:{block.line}"
        for page in PAGES
        for block in blocks(page)
        if re.search(r"^.*curl(?=.*--retry)(?=.*-o /dev/null)", block.body, re.MULTILINE)
    ]
    assert wrong == []
