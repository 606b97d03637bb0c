"""The client for programs without a loop is what is made of the one for those with one."""

from __future__ import annotations

from scripts.synchronous_client import WRITTEN, generated


def test_it_is_not_stale() -> None:
    anew = "make it anew: .venv/bin/python -m scripts.synchronous_client"
    assert WRITTEN.read_text(encoding="utf-8") == generated(), anew
