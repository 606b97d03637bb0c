"""From event files in folders to series with names."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import pytest

from deepaas.training import metrics as module
from deepaas.training.metrics import MAX_POINTS, Point, RunMetrics

from .test_event_files import simple
from .writers import torch_writer, x_writer


def write(folder: Path, *records: bytes, name: str = "events.out.tfevents.1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("ab") as file:
        file.write(b"".join(records))
    return path


def watching(*roots: Path, since: float = 0) -> RunMetrics:
    return RunMetrics(lambda: list(roots), since)


def steps(metrics: RunMetrics) -> dict[str, list[int]]:
    metrics.update()
    return {name: series.steps for name, series in metrics.series().items()}


@pytest.mark.parametrize("make", [torch_writer, x_writer], ids=["torch", "X"])
def test_points_come_as_they_are_written(tmp_path: Path, make: Any) -> None:
    metrics = watching(tmp_path / "files")
    assert metrics.update() == []
    writer = make(tmp_path / "files")
    writer.add_scalar("loss", 0.5, 1, walltime=100.5)
    points: list[Point] = []
    while not points:
        # tensorboardX does not wait for its own queue here.
        writer.flush()
        points = metrics.update()
    assert points == [("loss", 1, 0.5, 100.5)]
    writer.add_scalar("loss", 0.25, 2, walltime=101)
    writer.close()
    assert metrics.update() == [("loss", 2, 0.25, 101)]
    assert metrics.update() == []
    (series,) = metrics.series().values()
    assert (series.steps, series.values, series.wall_times) == ([1, 2], [0.5, 0.25], [100.5, 101])


def test_the_name_has_the_folder_before_it(tmp_path: Path) -> None:
    write(tmp_path / "a" / "train", simple("epoch_loss", 1, 1))
    write(tmp_path / "a" / "validation" / "deep", simple("epoch_loss", 1, 2))
    write(tmp_path / "a", simple("training/loss", 1, 3))
    write(tmp_path / "b" / "train", simple("epoch_loss", 1, 4))
    assert steps(watching(tmp_path / "a", tmp_path / "b", tmp_path / "none")) == {
        "train/epoch_loss": [1, 4],
        "validation/deep/epoch_loss": [2],
        "training/loss": [3],
    }


def test_add_scalars_makes_folders_that_are_names(tmp_path: Path) -> None:
    writer = torch_writer(tmp_path)
    writer.add_scalars("loss", {"train": 1.0, "validation": 2.0}, 7)
    writer.close()
    assert steps(watching(tmp_path)) == {"loss_train/loss": [7], "loss_validation/loss": [7]}


def test_a_root_within_another_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "files", simple("a", 1, 1))
    (tmp_path / "link").symlink_to(tmp_path / "files")
    found = steps(watching(tmp_path / "files", tmp_path, tmp_path / "link"))
    assert found == {"a": [1]}


def test_links_are_not_followed_out_nor_round(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", simple("a", 1, 1))
    files = tmp_path / "files"
    write(files, simple("b", 1, 1))
    (files / "folder").symlink_to(tmp_path / "outside")
    (files / "round").symlink_to(files)
    (files / "events.out.tfevents.2").symlink_to(outside)
    assert steps(watching(files)) == {"b": [1]}


def test_older_files_in_other_folders_are_another_runs(tmp_path: Path) -> None:
    old = write(tmp_path / "own", simple("own", 1)), write(tmp_path / "other", simple("old", 1))
    write(tmp_path / "other", simple("new", 1), name="events.out.tfevents.2")
    since = time.time() - 1000
    for path in old:
        os.utime(path, (since - 1, since - 1))
    metrics = watching(tmp_path / "own", tmp_path / "other", since=since)
    assert set(steps(metrics)) == {"own", "new"}


def test_a_writer_that_starts_again_adds_to_the_same_series(tmp_path: Path) -> None:
    write(tmp_path, *[simple("a", 1, step) for step in range(4)], name="events.out.tfevents.1.x")
    write(tmp_path, *[simple("a", 2, step) for step in range(2, 6)], name="events.out.tfevents.2.x")
    metrics = watching(tmp_path)
    assert steps(metrics) == {"a": [0, 1, 2, 3, 2, 3, 4, 5]}
    assert metrics.series()["a"].values == [1] * 4 + [2] * 4


def test_no_numbers_stay_what_they_are(tmp_path: Path) -> None:
    write(tmp_path, simple("a", math.nan), simple("a", math.inf))
    metrics = watching(tmp_path)
    assert math.isnan(metrics.update()[0].value)
    assert metrics.series()["a"].values[1] == math.inf


def test_many_points_are_thinned_out_evenly(tmp_path: Path) -> None:
    count = 25_000
    path = write(tmp_path, *[simple("a", step, step) for step in range(count)])
    metrics = watching(tmp_path)
    assert [point.step for point in metrics.update()] == list(range(count))
    series = metrics.series()["a"]
    assert MAX_POINTS / 2 < len(series.steps) <= MAX_POINTS
    assert series.steps[0] == 0
    assert series.steps[-1] == count - 1
    strides = {b - a for a, b in zip(series.steps[:-1], series.steps[1:-1], strict=False)}
    assert len(strides) == 1
    assert series.values == series.steps
    assert len(series.wall_times) == len(series.steps)
    write(tmp_path, simple("a", 1, count), name=path.name)
    assert [point.step for point in metrics.update()] == [count]
    assert metrics.series()["a"].steps[-1] == count


@pytest.mark.parametrize("limit", [2, 4, 6])
def test_thinning_at_every_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(module, "MAX_POINTS", limit)
    metrics = watching(tmp_path)
    for last in range(70):
        write(tmp_path, simple("a", last, last))
        metrics.update()
        stride = 1
        while len(expected := sorted({*range(0, last + 1, stride), last})) > limit:
            stride *= 2
        assert metrics.series()["a"].steps == expected


def test_of_many_metrics_fewer_points_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ALL_POINTS", 100)
    for metric in range(10):
        write(tmp_path, *[simple(str(metric), step, step) for step in range(99)])
    metrics = watching(tmp_path)
    kept = steps(metrics)
    assert [len(kept[str(metric)]) <= 100 / (metric + 1) for metric in range(10)] == [True] * 10
    assert {series[-1] for series in kept.values()} == {98}
    write(tmp_path, *[simple(str(metric), step, step) for metric in range(10) for step in [99]])
    assert max(map(len, steps(metrics).values())) <= 10


def test_more_than_is_given_back_at_once_is_in_the_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_NEW_POINTS", 5)
    write(tmp_path, *[simple("a", 1, step) for step in range(20)])
    metrics = watching(tmp_path)
    assert [point.step for point in metrics.update()] == [15, 16, 17, 18, 19]
    assert metrics.series()["a"].steps == list(range(20))


def test_limits_of_metrics_files_and_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_METRICS", 3)
    monkeypatch.setattr(module, "MAX_FILES", 2)
    for number in range(4):
        tags = [f"{number}-{tag}" for tag in "ab"]
        write(tmp_path, *[simple(tag, 1) for tag in tags], name=f"tfevents.{number}")
    metrics = watching(tmp_path)
    assert [point.name for point in metrics.update()] == ["0-a", "0-b", "1-a"]
    assert set(metrics.series()) == {"0-a", "0-b", "1-a"}
    assert metrics.update() == []
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    many = tmp_path / "many"
    for number in range(5):
        write(many, simple(str(number), 1), name=f"tfevents.{number}")
    assert len(steps(watching(many))) <= 3


def test_folders_are_searched_to_a_bounded_depth(tmp_path: Path) -> None:
    write(tmp_path.joinpath(*"abcdefgh"), simple("found", 1))
    write(tmp_path.joinpath(*"abcdefghi"), simple("hidden", 1))
    assert list(steps(watching(tmp_path))) == ["a/b/c/d/e/f/g/h/found"]


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")), simple("a", 1))
    assert list(steps(watching(tmp_path))) == ["�/a"]
