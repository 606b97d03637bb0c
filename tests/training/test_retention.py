"""Which finished runs are kept."""

from __future__ import annotations

import pytest

from deepaas.errors import ConfigError
from deepaas.training.retention import Keep, parse_keep


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("", Keep()),
        ("100", Keep(100)),
        ("0", Keep(0)),
        ("90s", Keep(None, 90)),
        ("12h", Keep(None, 12 * 3600)),
        (" 100 , 30d ", Keep(100, 30 * 86400)),
        ("8w,5", Keep(5, 8 * 7 * 86400)),
    ],
)
def test_what_to_keep(text: str, keep: Keep) -> None:
    assert parse_keep(text) == keep


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "1y", "1,2", "1d,2d", "1;2"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigError, match="keep-runs"):
        parse_keep(text)
