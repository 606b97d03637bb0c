"""Which GPUs go to whom, on machines that are made up, and how NVIDIA's library is asked."""

from __future__ import annotations

# ruff: noqa: N802 - the names of the library
import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.errors import ConfigError
from deepaas.resources.devices import Devices, device_variables, visible_gpus
from deepaas.resources.gpu_wishes import GpuWish, gpus_of
from deepaas.resources.gpus import Gpu, NoGpus, list_gpus, listed, memory_by_process
from deepaas.resources.replicas import Replicas
from deepaas.resources.shares import Shares

FOUR = [Gpu(number, f"GPU-{number}", "A100", 40 * 2**30) for number in range(4)]
MIG = [
    Gpu(0, "GPU-0", "A100", is_divided=True),
    Gpu(0, "MIG-a", "A100 1g.5gb", is_part=True),
    Gpu(0, "MIG-b", "A100 1g.5gb", is_part=True),
    Gpu(1, "GPU-1", "A100"),
]
MODELS = ("big", "small")


def groups(
    wishes: Sequence[str], replicas: Mapping[str, int], gpus: Sequence[Gpu] = FOUR
) -> dict[str, list[str]]:
    devices = Devices(gpus_of(wishes, list(replicas)), replicas, gpus)
    return {
        name: [
            ",".join(gpu.uuid.partition("-")[2] for gpu in devices.of_worker(name, number))
            for number in range(1, count + 1)
        ]
        for name, count in replicas.items()
    }


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("1", GpuWish(1)),
        ("0", GpuWish(0)),
        ("0.5", GpuWish(part=Fraction(1, 2))),
        (".25", GpuWish(part=Fraction(1, 4))),
        ("0,1", GpuWish(named=("0", "1"))),
        ("#1", GpuWish(named=("1",))),
        ("GPU-0a,MIG-GPU-1b/2/0", GpuWish(named=("GPU-0a", "MIG-GPU-1b/2/0"))),
    ],
)
def test_what_a_model_wants(text: str, wish: GpuWish) -> None:
    assert gpus_of([f"big={text}"], MODELS) == {"big": wish, "small": GpuWish()}
    assert gpus_of([text], MODELS) == dict.fromkeys(MODELS, wish)
    assert gpus_of([f"big={text};small=2"], MODELS) == {"big": wish, "small": GpuWish(2)}
    assert gpus_of([], MODELS) == {}


@pytest.mark.parametrize("text", ["", "all", "1.5", "0.0", "-1", "0,", "0;", "GPU", "1e3", "9999"])
def test_what_cannot_be_wanted(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--gpus: .*(must be a number|too many)"):
        gpus_of([f"big={text}"], MODELS)


def test_a_model_that_is_not_served() -> None:
    with pytest.raises(ConfigError, match=r"'smal=1': model 'smal' .* Did you mean small\?"):
        gpus_of(["smal=1"], MODELS)


@pytest.mark.parametrize(
    ("wishes", "replicas", "expected"),
    [
        (["big=1"], {"big": 2}, {"big": ["0", "1"]}),
        (["big=2"], {"big": 2}, {"big": ["0,1", "2,3"]}),
        (["1"], {"big": 1, "small": 2}, {"big": ["0"], "small": ["1", "2"]}),
        (["big=1"], {"big": 1, "small": 1}, {"big": ["0"], "small": [""]}),
        (["big=0,1"], {"big": 2}, {"big": ["0", "1"]}),
        (["big=0,1"], {"big": 1}, {"big": ["0,1"]}),
        (["big=0,1"], {"big": 4}, {"big": ["0", "1", "0", "1"]}),
        (["big=0,1,2,3"], {"big": 2}, {"big": ["0,1", "2,3"]}),
        (["big=#0", "small=1"], {"big": 1, "small": 1}, {"big": ["0"], "small": ["1"]}),
        (["small=1", "big=#0"], {"small": 1, "big": 1}, {"small": ["1"], "big": ["0"]}),
        (["0.5"], {"big": 2, "small": 1}, {"big": ["0", "0"], "small": ["1"]}),
        (
            ["big=0.6", "small=0.4"],
            {"big": 2, "small": 2},
            {"big": ["0", "1"], "small": ["0", "1"]},
        ),
        (["big=0.1"], {"big": 11}, {"big": ["0"] * 10 + ["1"]}),
        (["big=GPU-3"], {"big": 1}, {"big": ["3"]}),
    ],
)
def test_who_gets_which(
    wishes: Sequence[str], replicas: Mapping[str, int], expected: Mapping[str, Sequence[str]]
) -> None:
    assert groups(wishes, replicas) == expected


@pytest.mark.parametrize(
    ("wishes", "replicas", "message"),
    [
        (["big=3"], {"big": 2}, "needs 6 .2 workers with 3 each"),
        (["big=#7"], {"big": 1}, "GPU 7 does not exist here or is hidden"),
        (["big=GPU-9"], {"big": 1}, "GPU GPU-9 does not exist"),
        (["big=GPU-"], {"big": 1}, "must be a number"),
        (["big=0,1,2"], {"big": 2}, "3 GPUs cannot be divided equally among 2 workers"),
        (["big=0.6"], {"big": 5}, r"no GPU has room for 0.6 of model 'big' .worker 5 of 5"),
    ],
)
def test_too_few(wishes: Sequence[str], replicas: Mapping[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        groups(wishes, replicas)


def test_divided_gpus() -> None:
    assert groups(["big=1"], {"big": 1}, MIG) == {"big": ["1"]}
    assert groups(["big=MIG-a,MIG-b"], {"big": 2}, MIG) == {"big": ["a", "b"]}
    for wish, message in (
        ("big=2", "needs 2"),
        ("big=#0", r"GPU 0 is divided .MIG.; name its parts: MIG-a, MIG-b"),
        ("big=GPU-0", "is divided"),
        ("big=MIG-a,MIG-b", "only one part of a GPU .* --workers big=2"),
    ):
        with pytest.raises(ConfigError, match=message):
            groups([wish], {"big": 1}, MIG)


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=4),
    st.integers(1, 12),
)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_nobody_shares_what_was_counted(wanted: list[tuple[int, int]], count: int) -> None:
    gpus = [Gpu(number, f"GPU-{number}") for number in range(count)]
    replicas = {f"m{number}": workers for number, (workers, _) in enumerate(wanted)}
    wishes = [f"m{number}={each}" for number, (_, each) in enumerate(wanted)]
    needed = sum(workers * each for workers, each in wanted)
    if needed > count:
        with pytest.raises(ConfigError):
            groups(wishes, replicas, gpus)
        return
    found = groups(wishes, replicas, gpus)
    given_away = [
        one for each in found.values() for group in each for one in group.split(",") if one
    ]
    assert len(given_away) == len(set(given_away)) == needed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "0123"),
        ("", ""),
        ("-1", ""),
        ("2,0", "20"),
        ("1,9,2", "1"),
        ("GPU-3", "3"),
        ("GPU-1,GPU-1", "1"),
    ],
)
def test_what_the_operator_hides(text: str | None, expected: str) -> None:
    assert [str(gpu.index) for gpu in visible_gpus(FOUR, text)] == list(expected)
    assert [gpu.uuid for gpu in visible_gpus(MIG, "0")] == ["GPU-0", "MIG-a", "MIG-b"]


def test_trainings_get_their_own_as_long_as_there_are_any() -> None:
    devices = Devices(gpus_of(["big=1"], MODELS), {"big": 2, "small": 1}, FOUR)
    with (
        devices.of_training("big") as one,
        devices.of_training("big") as other,
        devices.of_training("big") as third,
        devices.of_training("big") as fourth,
        devices.of_training("small") as none,
    ):
        assert [gpu.index for group in (one, other) for gpu in group] == [2, 3]
        # Then they use those of the workers, of each in turn.
        assert [gpu.index for group in (third, fourth) for gpu in group] == [0, 1]
        assert none == ()
    with devices.of_training("big") as again:
        assert again == one
    named = Devices(gpus_of(["big=0,1"], MODELS), {"big": 2, "small": 1}, FOUR)
    with named.of_training("big") as one, named.of_training("big") as other:
        assert [gpu.index for group in (one, other) for gpu in group] == [0, 1]


def test_what_a_process_is_told() -> None:
    assert device_variables(tuple(FOUR[:2])) == {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "GPU-0,GPU-1",
        "DEEPAAS_DEVICE": "cuda:0",
    }
    assert device_variables(())["DEEPAAS_DEVICE"] == "cpu"
    assert device_variables(())["CUDA_VISIBLE_DEVICES"] == ""
    replicas = {"big": Replicas(1, 2), "small": Replicas()}
    devices = Devices(gpus_of(["big=1"], MODELS), {"big": 2, "small": 1}, FOUR)
    shares = Shares(replicas, 1, 2, {}, devices)
    assert shares.of_worker("big", 2)["CUDA_VISIBLE_DEVICES"] == "GPU-1"
    assert shares.of_worker("big", 0)["DEEPAAS_DEVICE"] == "cpu"
    with shares.of_training("big") as variables:
        assert variables["CUDA_VISIBLE_DEVICES"] == "GPU-2"
    # Without the option nothing is hidden, and nothing promised.
    for environment, expected in (({}, "cpu"), ({"DEEPAAS_DEVICE": "cuda:1"}, None)):
        told = Shares(replicas, 1, 2, environment).of_worker("big", 1)
        assert told.get("DEEPAAS_DEVICE") == expected
        assert "CUDA_VISIBLE_DEVICES" not in told


class Library(SimpleNamespace):
    """What NVIDIA's library says on a machine with a divided GPU and another one."""

    class NVMLError(Exception):
        pass

    def nvmlInit(self) -> None: ...

    def nvmlShutdown(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        return f"GPU-{index}"

    def nvmlDeviceGetMigMode(self, device: str) -> tuple[int, int]:
        if device == "GPU-1":
            raise self.NVMLError
        return 1, 1

    def nvmlDeviceGetMaxMigDeviceCount(self, _device: str) -> int:
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, _device: str, number: int) -> str:
        if number > 1:
            raise self.NVMLError
        return f"MIG-{number}"

    def nvmlDeviceGetName(self, device: str) -> bytes:
        return f"name of {device}".encode()

    def nvmlDeviceGetUUID(self, device: str) -> str:
        return device

    def nvmlDeviceGetMemoryInfo(self, _device: str) -> Any:
        return SimpleNamespace(total=10)

    def nvmlDeviceGetComputeRunningProcesses(self, device: str) -> list[Any]:
        if device.startswith("MIG"):
            raise self.NVMLError
        return [SimpleNamespace(pid=1, usedGpuMemory=5), SimpleNamespace(pid=2, usedGpuMemory=None)]


def test_what_the_library_tells() -> None:
    found = list_gpus(opened=Library)
    assert found == listed(Library())
    assert [(gpu.index, gpu.uuid, gpu.is_part, gpu.is_divided) for gpu in found] == [
        (0, "GPU-0", False, True),
        (0, "MIG-0", True, False),
        (0, "MIG-1", True, False),
        (1, "GPU-1", False, False),
    ]
    assert found[3].name == "name of GPU-1" and found[3].memory_bytes == 10
    assert memory_by_process(Library()) == {1: 10}


def test_a_driver_that_hangs() -> None:
    hangs = threading.Event()
    try:
        with pytest.raises(NoGpus, match=r"did not answer within 0\.01 s"):
            list_gpus(0.01, opened=hangs.wait)
    finally:
        hangs.set()


def test_a_library_that_fails() -> None:
    class NVMLError_DriverNotLoaded(Library.NVMLError):
        pass

    for error, message in (
        (NVMLError_DriverNotLoaded(), "driver is not running"),
        (Library.NVMLError("odd"), "reported an error: odd"),
        (NoGpus("why"), "why"),
    ):

        def raises(error: Exception = error) -> Any:
            raise error

        with pytest.raises(NoGpus, match=message):
            list_gpus(opened=raises)
