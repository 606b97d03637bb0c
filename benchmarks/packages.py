"""Makes the models of a folder visible to a server without installing them."""

from collections.abc import Iterable
from pathlib import Path

MODELS = Path(__file__).with_name("models")


def expose(names: Iterable[str], folder: Path) -> str:
    """Write a `.dist-info` with one entry point per model into `folder`; returns the PYTHONPATH."""
    info = folder / "benchmark_models-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: benchmark-models\nVersion: 1\n")
    lines = ["[deepaas.v2.model]", *(f"{name} = {name}" for name in names), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return f"{folder}:{MODELS}"
