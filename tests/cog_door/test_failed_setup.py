"""At the root a host stays whose setup fails, as Cog does: its clients ask there for the logs."""

from pathlib import Path

import pytest
from support.host import run_host, start_host
from support.waiting import wait_until

RUN = "    def run(self) -> str:\n        return 'x'\n"
FAILING = {
    "setup raises": f"class R:\n    def setup(self):\n        raise OSError('no weights')\n{RUN}",
    "setup exits": f"class R:\n    def setup(self):\n        raise SystemExit(3)\n{RUN}",
    "setup dies": f"import os\nclass R:\n    def setup(self):\n        os._exit(4)\n{RUN}",
    "import fails": "raise OSError('no weights')\n",
}


@pytest.mark.parametrize("how", FAILING)
def test_the_host_stays(how: str, tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILING[how])
    model = ["--model-name", f"fails={tmp_path}/fails.py:R", "--no-ui"]
    with start_host([], *model, "--root-protocol", "cog", wait=False) as host:
        wait_until(lambda: "/health-check has the reason" in host.log(), "the setup has failed")
        health = host.get("/health-check").json()
        assert health["status"] == "SETUP_FAILED"
        assert health["setup"]["status"] == "failed"
        assert health["setup"]["logs"]
        assert host.get("/readyz").status == 503


def test_elsewhere_it_ends(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILING["setup raises"])
    ended = run_host([], "--model-name", f"fails={tmp_path}/fails.py:R", "--no-ui")
    assert ended.returncode == 1
    assert "No model could be loaded" in ended.output
