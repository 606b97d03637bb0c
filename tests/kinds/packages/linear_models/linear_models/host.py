"""The host's half: which files are linear models."""

from pathlib import Path

from deepaas.errors import ConfigError
from deepaas.model.kinds import ModelKind, Recognised, name_of
from deepaas.programs import Interpreter
from linear_models import read


def recognise(reference: str, _interpreter: Interpreter) -> Recognised | None:
    path = Path(reference).expanduser().absolute()
    if path.suffix != ".toml":
        return None
    try:
        return Recognised(name_of(path), str(path)) if read(path) is not None else None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


def watch(source: str) -> list[Path]:
    return [Path(source)]


def needs(source: str) -> list[str]:
    """A file may name packages."""
    return list((read(Path(source)) or {}).get("needs", []))


KIND = ModelKind(recognise, watch, needs)
