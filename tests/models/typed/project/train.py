import os
import pathlib

from cog import BaseModel, Input, Path


class TrainingOutput(BaseModel):
    weights: Path
    log: Path
    steps: int


async def train(
    data: Path = Input(description="what to learn"),
    steps: int = Input(default=2, ge=1),
) -> TrainingOutput:
    print("learning from", data.name)
    folder = pathlib.Path(os.environ["COG_RUNTIME_TEST"]) / "made"
    folder.mkdir(exist_ok=True)
    (folder / "weights.bin").write_bytes(data.read_bytes() * steps)
    (folder / "log").mkdir(exist_ok=True)
    (folder / "log/loss.txt").write_text("0.5")
    return TrainingOutput(
        weights=Path(folder / "weights.bin"), log=Path(folder / "log"), steps=steps
    )
