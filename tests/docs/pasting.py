"""Pages are pasted block by block: which, what not, and how."""

from __future__ import annotations

import re

import pytest

from .page import ROOT, SHELL, SHOWN, Block, blocks_of, pages
from .session import Failed, Session, is_in

RUN_ELSEWHERE = {
    "docs/start-here.md": "tests/template/test_road.py, which goes on from there",
    "docs/trainings.md": "tests/docs/test_trainings.py, which plays three readers",
    "docs/try-me.md": "tests/docs/test_try_me.py",
}
"""Pages whose shell and Python blocks have a test of their own."""

NO_DOCKER = "no Docker engine runs here; tests/unit/test_container.py reads the files"
ELSEWHERE = "needs a model that excludes another; tests/failures/test_interpreters.py serves some"
NOT_RUN = {
    ("docs/how-to/containers.md", "docker "): NO_DOCKER,
    ("docs/how-to/systemd.md", "systemctl"): "no systemd runs here; tests/unit/test_systemd.py "
    "reads the unit",
    ("docs/how-to/deepinv.md", "pip install"): "tests/deepinv/test_page.py does, with the client",
    ("docs/how-to/oip.md", "pip install"): "tests/oip/test_page.py does, with Triton's client",
    ("docs/how-to/containers.md", 'echo "POSTGRES_PASSWORD='): NO_DOCKER,
    ("docs/index.md", "make run"): "the test serves what it would serve, from this environment",
    ("docs/performance.md", "make bench"): "runs for minutes, and on a quiet machine only",
    ("docs/how-to/interpreters.md", "python3 -m venv"): ELSEWHERE,
    ("docs/how-to/interpreters.md", "deepaas-run"): ELSEWHERE,
    ("docs/how-to/containers.md", "docker"): "needs an engine; the page says what was tried",
    ("docs/how-to/containers.md", "echo"): "needs an engine; the page says what was tried",
}
"""What cannot be run here: page and the beginning of the block, and why not. Bash reads it."""

PAGES = [page for page in pages() if blocks_of((ROOT / page).read_text(encoding="utf-8"))]


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


def paste_page(page: str, session: Session) -> None:
    """Paste all that can be run here; what the page shows has to be printed."""
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
