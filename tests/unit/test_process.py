"""What a worker's process is given."""

from __future__ import annotations

import pytest

from deepaas.workers.process import inherited


def test_secrets_of_the_host_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_DEFAULT__DATABASE_URL", "postgresql+asyncpg://user:secret@host/db")
    monkeypatch.setenv("OS_DEFAULT__WORKERS", "2")
    passed_on = inherited()
    assert passed_on["OS_DEFAULT__WORKERS"] == "2"
    assert not any("user:secret" in value for value in passed_on.values())
