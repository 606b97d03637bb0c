"""The unit of systemd: as systemd reads it, and what the host does with it."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from deepaas.settings import Settings

UNIT = Path(__file__).parents[2] / "etc" / "systemd" / "deepaas.service"
ANALYZE = shutil.which("systemd-analyze")


def read() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text())
    return parser["Service"]


def test_what_the_host_counts_on() -> None:
    service = read()
    assert service["Type"] == "notify"
    assert float(service["TimeoutStopSec"]) > Settings().drain_timeout
    assert "--check-config" in service["ExecStartPre"]
    assert service["ExecReload"].endswith("-HUP $MAINPID")
    assert float(service["WatchdogSec"]) >= 10


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # The program must be there.
    unit.write_text(UNIT.read_text().replace("/opt/deepaas/bin/deepaas-run", "/bin/true"))
    verified = _analyze("verify", str(unit))
    assert (verified.returncode, verified.stderr) == (0, ""), verified
    rated = _analyze("--offline=true", "--threshold=25", "security", str(unit))
    assert rated.returncode == 0, rated.stdout + rated.stderr
    assert "2.0 OK" in rated.stdout


def _analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *words], capture_output=True, text=True, check=False)
