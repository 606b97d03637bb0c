"""A state directory that cannot be used."""

from pathlib import Path

import pytest
from support.command_lines import run_each
from support.host import start_host
from support.trainings import Client


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A path under which nothing can be made, not even by root."""
    file = tmp_path / "file"
    file.write_text("not a directory")
    return file / "state"


def test_what_was_named_and_cannot_be(blocked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    database_url = "mysql://somebody:secret@nowhere/x"
    lines = [["--state-dir", str(blocked)], ["--database-url", database_url]]
    usual = ["--listen-port", "0", "--model-name", "trains"]
    state, database = run_each(folder, ["trains"], [[*usual, *line] for line in lines])
    for ended in (state, database):
        assert ended.returncode == 1
        assert "Traceback" not in ended.output
    assert f"state-dir {str(blocked)!r} cannot be used: Not a directory" in state.output
    assert (
        "database-url 'mysql://somebody:***@nowhere/x' has an unsupported driver" in database.output
    )
    assert "secret" not in database.output


def test_the_usual_one(blocked: Path) -> None:
    """A read-only container, say: trainings work, until the host ends."""
    with start_host(["trains"], state=blocked) as host:
        client = Client(host)
        run = client.begin("writes", text="x")
        assert client.wait(run)["status"] == "done"
        assert client.files(run) == {"0.txt": b"x"}
        host.wait_for_log("training runs are lost when this host exits")
