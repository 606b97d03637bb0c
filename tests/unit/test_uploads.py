"""Clients' names of files, made safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.web.uploads import MAX_NAME_BYTES, safe_name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("seven.png", "seven.png"),
        ("my photo (1), a+b=c@d.tar.gz", "my photo (1), a+b=c@d.tar.gz"),
        ("é ✓ 数字.png", "é _ 数字.png"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        (r"C:\pictures\seven.png", "seven.png"),
        ("folder/", "file"),
        ("..", "file"),
        (". .", "file"),
        ("", "file"),
        (".hidden", "hidden"),
        ("a\0b\nc", "a_b_c"),
        ("%2e%2e%2fx", "_2e_2e_2fx"),
        ("x" * 500 + ".png", "x" * (MAX_NAME_BYTES - 4) + ".png"),
        # Bytes count, and no character is cut in two.
        ("ü" * 150 + ".jpg", "ü" * (MAX_NAME_BYTES // 2 - 2) + ".jpg"),
        ("x" + "数" * 100 + ".png", "数" * ((MAX_NAME_BYTES - 4) // 3) + ".png"),
    ],
    ids=repr,
)
def test_safe_name(given: str, expected: str) -> None:
    assert safe_name(given) == expected


@settings(derandomize=True, max_examples=500, deadline=None)
@given(st.text(st.sampled_from("a./\\ \0\n:*?é~-$") | st.characters()))
def test_no_name_leads_out_of_its_folder(given: str) -> None:
    name = safe_name(given)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert name == Path("/folder", name).name
    assert Path("/folder", name).resolve().parent == Path("/folder")
    assert name == safe_name(name)
