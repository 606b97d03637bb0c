"""Arrays through the client and the command."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import prepared
from support.host import Host, start_host

from deepaas.client import Client, InvalidArguments

PACKAGES = Path(__file__).parent / "packages"
CLI = str(prepared.PROGRAMS / "deepaas-cli")
NPY, NPZ = "application/x-npy", "application/x-npz"
POINTS = np.array([[1, 2], [3, 4]], np.float32)
ADDED = ["float32", [[2.0, 3.0], [4.0, 5.0]], None]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("packages")
    (folder / "points.py").write_text((PACKAGES / "points.py").read_text())
    typed = ("run", "typed_points.py"), ("double", "typed_double.py")
    options = [w for n, file in typed for w in ("--model-name", f"{n}={PACKAGES / file}:{n}")]
    with start_host(["points"], "--no-ui", *options, packages=folder) as host:
        yield host


@pytest.fixture(scope="module")
def client(host: Host) -> Iterator[Client]:
    with Client(host.url, timeout=60) as client:
        yield client


def cli(host: Host, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return prepared.run([CLI, "--url", host.url, *words], folder=folder)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "points",
    [
        POINTS,
        POINTS[:, ::-1][:, ::-1],
        POINTS.tolist(),
        npy(POINTS),
        io.BytesIO(npy(POINTS)),
        ("points.npy", npy(POINTS)),
    ],
    ids=["array", "view", "lists", "bytes", "open", "named"],
)
def test_what_a_tensor_may_be(client: Client, points: Any) -> None:
    assert client.predict("points", points=points)["predictions"] == ADDED


def test_tensors_of_pytorch(client: Client) -> None:
    torch = pytest.importorskip("torch")
    told = client.predict("points", points=torch.tensor(POINTS), any=torch.ones(2).bfloat16())
    assert told["predictions"] == [*ADDED[:2], "float32"]
    turned = torch.tensor(POINTS, requires_grad=True).T.T.conj()
    assert client.predict("points", points=turned)["predictions"] == ADDED


def test_flat_lists_and_files_at_once(client: Client) -> None:
    told = client.predict("points", any=[1, 2, 3], file=("a.txt", b"text"))
    assert told["predictions"] == ["text", "a.txt"]
    assert client.predict("points", any=[1, 2, 3])["predictions"][2] == "int64"
    assert client.predict("points", any=5)["predictions"][2] == "int64"


def test_what_does_not_fit_or_cannot_be_sent(client: Client) -> None:
    with pytest.raises(InvalidArguments) as refused:
        client.predict("points", points=POINTS.astype("f8"))
    said = "expected float32 of shape [-1, 2], got float64 of shape [2, 2]"
    assert refused.value.fields == {"points": [said]}
    with pytest.raises(InvalidArguments, match="it is an array of objects"):
        client.predict("points", points=np.array([{}]))


def test_arrays_come_back(client: Client, tmp_path: Path) -> None:
    alone = client.predict("double", points=POINTS)
    assert (alone.dtype, alone.tolist()) == (np.float32, (POINTS * 2).tolist())
    alone += 1  # It may be written to.
    several = client.predict("run", points=POINTS)
    assert {name: array.tolist() for name, array in several.items()} == {
        "twice": (POINTS * 2).tolist(),
        **{name: array.tolist() for name, array in several.items() if name != "twice"},
    }
    listed = client.predict("double", points=POINTS, accept="application/json")
    assert listed == {"status": "OK", "predictions": (POINTS * 2).tolist()} or (
        listed == (POINTS * 2).tolist()
    )
    path = client.predict("double", points=POINTS, accept=NPY, save_to=tmp_path)
    assert (path.name, np.load(path).tolist()) == ("answer.npy", (POINTS * 2).tolist())
    with pytest.raises(InvalidArguments, match=r"returns application/json or .*, not text/csv"):
        client.predict("double", points=POINTS, accept="text/csv")


def test_without_numpy_lists_come_back(host: Host) -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from deepaas.client import Client\n"
        f"with Client({host.url!r}) as client:\n"
        "    print(client.predict('points', points=[[1, 2]])['predictions'][1])\n"
        "    print(client.predict('double', points=[[1, 2]]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == "[[2.0, 3.0]]"
    assert "[[2.0, 4.0]]" in ran.stdout.splitlines()[1]


def test_the_command_takes_json_and_files(host: Host, tmp_path: Path) -> None:
    (tmp_path / "p.npy").write_bytes(npy(POINTS))
    for given in ("@p.npy", "[[1, 2], [3, 4]]"):
        ran = cli(host, "--model-name", "points", "predict", "--points", given, folder=tmp_path)
        assert json.loads(ran.stdout) == ADDED, ran.stderr
    ran = cli(host, "--model-name", "points", "predict", "--points", "p.npy", folder=tmp_path)
    assert (ran.returncode, "For a file, write @p.npy" in ran.stderr) == (2, True)
    ran = cli(host, "--model-name", "points", "predict", "--points", "@q.npy", folder=tmp_path)
    assert ran.returncode == 2 and "could not read 'q.npy': No such file" in ran.stderr
    ran = cli(host, "--model-name", "points", "predict", "--help", folder=tmp_path)
    assert "--points JSON|@FILE" in ran.stdout and "float32 of shape [-1, 2]" in ran.stdout


def test_the_command_here(tmp_path: Path) -> None:
    source = PACKAGES / "typed_double.py"
    (tmp_path / "p.npy").write_bytes(npy(POINTS))
    for given in ("@p.npy", "[[1, 2], [3, 4]]"):
        command = [CLI, "--model-name", f"{source}:double", "predict", "--points", given]
        ran = prepared.run(command, folder=tmp_path)
        assert json.loads(ran.stdout) == (POINTS * 2).tolist(), ran.stderr


def test_the_command_writes_arrays(host: Host, tmp_path: Path) -> None:
    (tmp_path / "p.npy").write_bytes(npy(POINTS))
    source = PACKAGES / "typed_double.py"
    for where in (
        ["--url", host.url, "--model-name", "double"],
        ["--model-name", f"{source}:double"],
    ):
        for name in ("out.npy", "out.npz"):
            command = [CLI, *where, "predict", "--points", "@p.npy", "-o", name]
            ran = prepared.run(command, folder=tmp_path)
            assert ran.returncode == 0, ran.stderr
            loaded = np.load(tmp_path / name)
            loaded = loaded if name == "out.npy" else loaded["output"]
            assert loaded.tolist() == (POINTS * 2).tolist()
