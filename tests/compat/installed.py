"""Model packages made findable without installing them: a folder for PYTHONPATH."""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

GROUP = "deepaas.v2.model"
PACKAGES = Path(__file__).parent / "packages"


def declared(package: str) -> dict[str, str]:
    """The entry points that a package's `entry_points.txt` declares."""
    parser = ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(PACKAGES / package / "entry_points.txt")
    return dict(parser[GROUP])


def install(entry_points: Mapping[str, str], folder: Path) -> str:
    """Declares these entry points in the folder, and answers the PYTHONPATH that finds them."""
    info = folder / "compat_case-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: compat-case\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
    return f"{folder}:{PACKAGES}"
